package export

import (
	"reflect"
	"strings"
)

// Column is one of our columns, of CSV and of Parquet.
type Column struct {
	Name string
	Kind string // text, time, number, yes or no, texts
	Doc  string
}

// Columns lists our columns in their order.
func Columns() []Column {
	list := make([]Column, len(columns))
	for i, c := range columns {
		list[i] = c.Column
	}
	return list
}

// column is a column with how its cell is found and written.
type column struct {
	Column
	field int
	// cell writes what is between the quotes, of a value that says something.
	cell func(b []byte, v reflect.Value, raw bool) []byte
}

var columns = columnsOf(reflect.TypeFor[row]())

func columnsOf(t reflect.Type) []column {
	list := make([]column, t.NumField())
	for i := range list {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		c := column{Column: Column{Name: name, Doc: f.Tag.Get("doc")}, field: i}
		of := f.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch of.Kind() {
		case reflect.Struct:
			c.Kind, c.cell = "time", timeCell
		case reflect.Bool:
			c.Kind, c.cell = "yes or no", boolCell
		case reflect.Slice:
			c.Kind, c.cell = "texts", listCell
		case reflect.String:
			c.Kind, c.cell = "text", textCell
		default:
			c.Kind, c.cell = "number", numberCell
		}
		list[i] = c
	}
	return list
}
