package oauth

// Grant is what the owner of a mailbox granted, with the refresh token that is good now: a
// service may send a new one each time, and take the one before no more. Sources that share a
// grant use it one after the other, so that none of them has one that is over.
type Grant struct {
	turn    chan struct{} // holds one value while somebody uses it
	granted string
	now     string
}

// NewGrant makes a grant of the refresh token with which it began.
func NewGrant(refreshToken string) *Grant {
	return &Grant{turn: make(chan struct{}, 1), granted: refreshToken, now: refreshToken}
}
