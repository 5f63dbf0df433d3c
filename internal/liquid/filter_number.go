package liquid

import "math"

func numberFilters() map[string]filter {
	return map[string]filter{
		"abs": func(c *call) any {
			switch v := numeric(c.in).(type) {
			case int64:
				return max(v, -v)
			case float64:
				return math.Abs(v)
			}
			return nil
		},
		"ceil":       func(c *call) any { return rounded(c, math.Ceil) },
		"floor":      func(c *call) any { return rounded(c, math.Floor) },
		"round":      round,
		"plus":       arithmetic(func(a, b float64) float64 { return a + b }),
		"minus":      arithmetic(func(a, b float64) float64 { return a - b }),
		"times":      arithmetic(func(a, b float64) float64 { return a * b }),
		"modulo":     divided(modulo),
		"divided_by": divided(divide),
		"at_least":   arithmetic(math.Max),
		"at_most":    arithmetic(math.Min),
		"to_integer": func(c *call) any { return integral(math.Trunc(float(c.in))) },
	}
}

// float is a value as a number; 0 where it is none.
func float(v any) float64 {
	f, _ := isNumber(numeric(v))
	return f
}

// integral is a number without digits after the point, where it has none.
func integral(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}

func arithmetic(do func(a, b float64) float64) filter {
	return func(c *call) any { return integral(do(float(c.in), float(c.arg(0)))) }
}

// divided is a filter that gives nothing where the divisor is 0.
func divided(do func(c *call, a, b float64) any) filter {
	return func(c *call) any {
		if float(c.arg(0)) == 0 {
			return nil
		}
		return do(c, float(c.in), float(c.arg(0)))
	}
}

// divide divides as LiquidJS does: 5 by 2 is 2.5, and 2 where true is the second argument.
func divide(c *call, a, b float64) any {
	if truth(c.arg(1)) {
		return integral(math.Floor(a / b))
	}
	return integral(a / b)
}

func modulo(_ *call, a, b float64) any { return integral(math.Mod(a, b)) }

func rounded(c *call, do func(float64) float64) any { return integral(do(float(c.in))) }

func round(c *call) any {
	digits := min(max(c.intArg(0, 0), 0), 15)
	f, unit := float(c.in), math.Pow10(int(digits))
	return integral(math.Floor(f*unit+0.5) / unit)
}
