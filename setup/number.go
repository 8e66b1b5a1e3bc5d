package setup

import "strings"

// Number takes a phone number as people write it: spaces, hyphens and dots between the digits go. A bracket stays, and is refused
// later: the (0) in +49 (0)30 is no part of the number, the (555) in +1 (555) is.
func Number(answer string) string {
	return strings.NewReplacer(" ", "", "-", "", ".", "").Replace(answer)
}
