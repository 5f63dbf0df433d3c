package export

// SetMost bounds the rows of a file.
func (f *Files) SetMost(rows int64) { f.most = rows }
