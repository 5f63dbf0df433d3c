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
	cell  func(b []byte, v reflect.Value, raw bool) []byte
}

var columns = columnsOf(reflect.TypeFor[row]())

func columnsOf(t reflect.Type) []column {
	list := make([]column, t.NumField())
	for i := range list {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		c := column{Column: Column{Name: name, Doc: f.Tag.Get("doc")}, field: i}
		switch {
		case strings.Contains(options, "timestamp"):
			c.Kind, c.cell = "time", timeCell
		case f.Type.Kind() == reflect.Pointer:
			c.Kind, c.cell = "yes or no", boolCell
		case f.Type.Kind() == reflect.Slice:
			c.Kind, c.cell = "texts", listCell
		case f.Type.Kind() == reflect.String:
			c.Kind, c.cell = "text", textCell
		default:
			c.Kind, c.cell = "number", numberCell
		}
		list[i] = c
	}
	return list
}
