package auth

// Nobody is what the password of nobody is compared with.
const Nobody = nobody

// Len is how many names and addresses are remembered.
func (b *Backoff) Len() int { return len(b.known) }
