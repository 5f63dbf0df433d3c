package template

// Inline is what becomes of HTML with its styles.
func Inline(src string) string {
	out, _ := inline(src)
	return out
}
