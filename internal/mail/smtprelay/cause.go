package smtprelay

import (
	"net/textproto"
	"regexp"
	"strconv"
)

// cause is why a server sends nothing for us, whatever the message: what it does, in words
// that follow its name, and what the operator can do about it.
type cause struct{ does, next string }

var (
	stranger  = &cause{"refuses to talk to us", "check address, helo, username and password"}
	badSender = &cause{"refused the sender", "check that the account may send from this address"}
	unsigned  = &cause{"wants us to sign in", "give username and password, or oauth; if they are given, check that SMTP AUTH is switched on for the mailbox"}
	noRelay   = &cause{"passes nothing on for us", "let the server relay for this machine, or give username and password"}
	spent     = &cause{"takes no more messages of this account for now", "have the limit of the account raised, or give a second mailer"}
	barred    = &cause{"has barred the account", "see what the service has against the account or its domain, and have it lifted"}
	unproven  = &cause{"does not believe that the sender is who it says", "set SPF, DKIM, DMARC and the name of this machine in DNS; doorpost doctor looks at the first three"}
	unwell    = &cause{"is full, shut or set up wrongly", "look at that server"}
)

// causeOf finds out whether a reply is about us and not about this message or its recipient,
// for which it is nil. A status at its beginning says so first, then words that are known.
func causeOf(at step, reply *textproto.Error) *cause {
	switch {
	case at >= recipient && aboutRecipient.MatchString(reply.Msg):
		return nil
	case reply.Code == 525: // user account disabled (X.7.13)
		return barred
	}
	if found := statusCode.FindStringSubmatch(reply.Msg); found != nil {
		if c := causeOfStatus(found[1], found[2]); c != nil {
			return c
		}
	}
	if c := causeInWords(at, reply.Msg); c != nil {
		return c
	}
	switch {
	case reply.Code < 500:
		return nil
	case at == connecting:
		return stranger
	case at == sender:
		return badSender
	}
	return nil
}

// statusCode is an enhanced status code (RFC 3463), without its class.
var statusCode = regexp.MustCompile(`^[45]\.(\d{1,3})\.(\d{1,3})(?:\s|$)`)

// causeOfStatus knows the codes of the registry (RFC 5248) and those that Exchange Online and
// Google document. What is missing is about a recipient or a message, or may be: 5.7.1, 5.1.0.
func causeOfStatus(subject, detail string) *cause {
	s, _ := strconv.Atoi(subject)
	d, _ := strconv.Atoi(detail)
	switch key := 1000*s + d; key {
	case 1_007, 1_008, 2_252, 7_027, 7_060, 7_750: // SendAsDenied is 5.2.252 and 5.7.60
		return badSender
	case 7_057:
		return unsigned
	case 7_054, 7_064:
		return noRelay
	case 1_090, 2_254, 4_005, 7_028, 7_508: // 5.4.5 is Gmail's daily limit
		return spent
	case 7_501, 7_502, 7_503, 7_511, 7_800:
		return barred
	case 7_020, 7_021, 7_022, 7_023, 7_024, 7_025, 7_026, 7_509:
		return unproven
	case 3_001, 3_002, 3_005:
		return unwell
	case 7_703: // a recipient that the organisation blocks
		return nil
	default:
		if key >= 7_600 && key < 7_800 {
			return barred
		}
		return nil
	}
}

// aboutRecipient is in what servers say of a recipient, in the words of another server maybe:
// Postfix with address verification, Exim with callouts, Exchange.
var aboutRecipient = regexp.MustCompile(`(?i)recipient address rejected|undeliverable address|\bthe recipient\b|\bsaid:|callout|\bRESOLVER\.`)

// known are words for causes, where the code is of no help: 5.7.1, 5.2.0, or none.
var known = []struct {
	cause *cause
	words *regexp.Regexp
}{
	{spent, words(`SubmissionQuotaExceeded|STOREDRV\.Submission\S*QuotaExceeded|peak smtp relay limit|\b(?:daily|hourly|monthly) (?:[\w-]+ ){0,4}(?:limit|quota)\b|` +
		`\b(?:send(?:ing|er)|submission|relay|message rate) (?:[\w-]+ ){0,2}(?:limit|quota|rate)s? (?:(?:is|was|has been) )?(?:exceeded|reached)|` +
		`(?:exceeded|reached) (?:your|the|its) (?:[\w-]+ ){0,2}(?:sending|submission|outgoing) (?:limit|quota|rate)`)},
	{barred, words(`OutboundSpamException|sending (?:is |has been |was )?(?:paused|suspended|disabled|blocked)|unusual sending activity|` +
		`\byour (?:[\w-]+ )?account (?:is |has been |was )?(?:\w+ )?(?:suspended|disabled|blocked|locked|paused|inactive|not (?:yet )?activ\w+)`)},
	{badSender, words(`send ?as ?denied|sender is not allowed to relay|send ?on ?behalf ?of ?denied|permissions? to send as|domain \S+ is not allowed to send|` +
		`not (?:allowed|authori[sz]ed|permitted) to (?:perform|send (?:e?-?mails? |messages? )?(?:as|from|through|on behalf)\b)|` +
		`['"]?(?:from|sender)['"]?(?: header)?(?: sender)? (?:address|domain|identity)\b[^.;\n]{0,60}\b(?:not|rejected|denied|unverified)\b|` +
		`(?:domain|e-?mail address)(?: is)? not verified|sender verif(?:y|ication) failed|verification failed for <`)},
	{noRelay, words(`relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay|(?:do(?:es)? not|not (?:allowed|permitted) to) relay|` +
		`invalid credentials for relay`)},
	{unsigned, words(`client was not authenticated|(?:smtp )?auth(?:entication)? (?:is )?required|(?:must|please|need to) (?:authenticate|log ?in|sign in)\b`)},
}

func words(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + pattern) }

// beforeWords is what may stand before what a server itself says.
var beforeWords = regexp.MustCompile(`^(?:[45]\.\d{1,3}\.\d{1,3} )?(?:SMTP; )?(?:<[^<>]*>(?:: |\.{3} ?| ))?(?:the )?`)

// causeInWords looks for words that are known. What a server says about a recipient can be
// another's words, so there they have to stand in front.
func causeInWords(at step, said string) *cause {
	said = beforeWords.ReplaceAllString(said, "")
	for _, k := range known {
		if found := k.words.FindStringIndex(said); found != nil && (at != recipient || found[0] == 0) {
			return k.cause
		}
	}
	return nil
}
