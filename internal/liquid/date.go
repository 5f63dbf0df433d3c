package liquid

import (
	"strconv"
	"strings"
	"time"
)

// layouts are the shapes of times that texts are read in.
func layouts() []string {
	return []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999 -0700",
		"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006-01",
		"2006/01/02", "01/02/2006", "January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006",
		time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, time.UnixDate, "Mon, 2 Jan 2006 15:04:05 -0700",
	}
}

// moment reads a time: a time, "now" or "today", a number of seconds, or a text in a usual form. Without a zone it is UTC.
func (s *state) moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case int64:
		return time.Unix(v, 0), v > -62135596800 && v < 253402300800
	case float64:
		return time.UnixMilli(int64(v * 1000)), v > -62135596800 && v < 253402300800
	}
	text, ok := isText(v)
	text = strings.TrimSpace(text)
	if !ok || text == "" || len(text) > 64 {
		return time.Time{}, false
	}
	if text == "now" || text == "today" {
		return s.o.Now, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 4 {
		return s.moment(n)
	}
	for _, layout := range layouts() {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// date writes the value as a time; one that is none stays as it is.
func (c *call) date(format string) any {
	t, ok := c.s.moment(c.in)
	if !ok || len(format) > 1000 {
		return c.in
	}
	return strftime(t.In(c.zone()), format)
}

// zone is the one that is asked for: minutes west of UTC as in JavaScript, or a name; else UTC.
func (c *call) zone() *time.Location {
	if !c.has(1) {
		return time.UTC
	}
	if _, ok := isNumber(c.args[1]); ok {
		return time.FixedZone("", -60*int(min(max(integer(c.args[1]), -1440), 1440)))
	}
	if zone, err := time.LoadLocation(c.textArg(1, "")); err == nil {
		return zone
	}
	return time.UTC
}

// strftime writes a time in a format of Ruby and C: %Y-%m-%d, with the flags - _ 0 ^ and widths up to 20.
func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		start := i
		var flag byte
		width, colons := 0, false
		for i++; i < len(format) && strings.IndexByte("-_0^#:", format[i]) >= 0; i++ {
			if format[i] == ':' {
				colons = true
			} else {
				flag = format[i]
			}
		}
		for ; i < len(format) && isDigit(format[i]); i++ {
			width = min(width*10+int(format[i]-'0'), 20)
		}
		if i == len(format) {
			b.WriteString(format[start:])
			break
		}
		text, fill, usual, ok := directive(t, format[i], colons)
		if !ok {
			b.WriteString(format[start : i+1])
			continue
		}
		b.WriteString(padded(text, flag, fill, max(width, usual)))
	}
	return b.String()
}

func padded(text string, flag, fill byte, width int) string {
	switch flag {
	case '-':
		return text
	case '_':
		fill = ' '
	case '0':
		fill = '0'
	case '^', '#':
		text = strings.ToUpper(text)
	}
	if n := width - len(text); n > 0 {
		return strings.Repeat(string(fill), n) + text
	}
	return text
}

// directive is one part of a time, what fills it up, and to which width.
func directive(t time.Time, d byte, colons bool) (text string, fill byte, width int, ok bool) {
	num := func(n, width int) (string, byte, int, bool) { return strconv.Itoa(n), '0', width, true }
	word := func(s string) (string, byte, int, bool) { return s, ' ', 0, true }
	hour12 := (t.Hour()+11)%12 + 1
	year, week := t.ISOWeek()
	switch d {
	case 'Y':
		return num(t.Year(), 0)
	case 'C':
		return num(t.Year()/100, 2)
	case 'y':
		return num(t.Year()%100, 2)
	case 'm':
		return num(int(t.Month()), 2)
	case 'd':
		return num(t.Day(), 2)
	case 'e':
		return strconv.Itoa(t.Day()), ' ', 2, true
	case 'j':
		return num(t.YearDay(), 3)
	case 'H':
		return num(t.Hour(), 2)
	case 'k':
		return strconv.Itoa(t.Hour()), ' ', 2, true
	case 'I':
		return num(hour12, 2)
	case 'l':
		return strconv.Itoa(hour12), ' ', 2, true
	case 'M':
		return num(t.Minute(), 2)
	case 'S':
		return num(t.Second(), 2)
	case 'L':
		return num(t.Nanosecond()/1e6, 3)
	case 'N':
		return num(t.Nanosecond(), 9)
	case 's':
		return word(strconv.FormatInt(t.Unix(), 10))
	case 'u':
		return num((int(t.Weekday())+6)%7+1, 0)
	case 'w':
		return num(int(t.Weekday()), 0)
	case 'G':
		return num(year, 0)
	case 'V':
		return num(week, 2)
	case 'U':
		return num((t.YearDay()+6-int(t.Weekday()))/7, 2)
	case 'W':
		return num((t.YearDay()+6-(int(t.Weekday())+6)%7)/7, 2)
	case 'q':
		return word(ordinal(t.Day()))
	case 'n':
		return word("\n")
	case 't':
		return word("\t")
	case '%':
		return word("%")
	case 'z':
		if colons {
			return word(t.Format("-07:00"))
		}
		return word(t.Format("-0700"))
	}
	if layout, known := layoutOf[d]; known {
		return word(t.Format(layout))
	}
	return "", 0, 0, false
}

// layoutOf are the parts that Go's own layouts write.
var layoutOf = map[byte]string{
	'A': "Monday", 'a': "Mon", 'B': "January", 'b': "Jan", 'h': "Jan", 'p': "PM", 'P': "pm", 'Z': "MST", 'D': "01/02/06",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'r': "03:04:05 PM", 'c': "Mon Jan _2 15:04:05 2006", 'x': "1/2/2006",
	'X': "3:04:05 PM", 'v': "_2-Jan-2006",
}

func ordinal(day int) string {
	if day/10 == 1 {
		return "th"
	}
	return [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[day%10]
}
