// Package spelling provides how far two words are apart, for whoever tells what somebody may have meant.
package spelling

// Distance is Levenshtein's: insertions, deletions and replacements of bytes. Its time is the product of both lengths: words from
// outside are bounded before.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
