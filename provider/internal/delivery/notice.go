package delivery

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// NoticeKind is what a security notice tells: the text key of the host's catalogue.
type NoticeKind string

// The notices. Each goes to the address the person had before the change it tells of: whoever took over an account
// must not be able to silence the one message that would give them away.
const (
	NoticeBound   NoticeKind = "notice.authenticator_bound"   // an authenticator was bound
	NoticeChanged NoticeKind = "notice.authenticator_changed" // its secret was replaced (a new password)
	NoticeRemoved NoticeKind = "notice.authenticator_removed" // it was removed
	NoticeBlocked NoticeKind = "notice.blocked"               // sign-in was blocked lastingly
)

// NoticeKinds lists them all.
var NoticeKinds = []NoticeKind{NoticeBound, NoticeChanged, NoticeRemoved, NoticeBlocked}

// The alerts: notices of what can be taken back. They go to every address that was known before, and alone among the notices they hold a
// link: whoever reads one in time must not first have to find out what to do.
const (
	AlertEmail     NoticeKind = "alert.email_changed"
	AlertMobile    NoticeKind = "alert.mobile_changed"
	AlertRecovered NoticeKind = "alert.recovered"        // an authenticator was replaced without itself
	AlertCancelled NoticeKind = "alert.change_cancelled" // a change was taken back, and sign-in is blocked
)

// AlertKinds lists them all.
var AlertKinds = []NoticeKind{AlertEmail, AlertMobile, AlertRecovered, AlertCancelled}

// The messages of the host that hold a code, or what somebody asked for and waits for.
const (
	CodeContact   = "code.contact"   // Params: brand, code, minutes
	ReminderNames = "reminder.names" // Params: brand, names
)

// noticeLife is how long a notice is worth sending.
const noticeLife = 24 * time.Hour

// NoticeDetails are the parameters of a notice.
type NoticeDetails struct {
	Key    string // what happened, once: the credential's id and revision, or the block's version
	Brand  string // the installation's name, as people know it
	Method string // the method's title in the person's language; not the credential's label, which an intruder may have chosen
	At     time.Time
}

// Notice is the message that tells a person, at their own e-mail address, what happened to their account. Queue it in the
// transaction that does it. It holds no link: people learn from the mails they get which ones to trust.
func Notice(kind NoticeKind, to Recipient, d NoticeDetails) Message {
	return Message{
		Key: string(kind) + ":" + d.Key, Subject: to.Subject, Channel: Email, To: to.Address(Email), Locale: to.locale(),
		Template:  string(kind),
		Params:    map[string]string{"brand": d.Brand, "method": d.Method, "at": d.At.UTC().Format("2006-01-02 15:04") + " UTC"},
		ExpiresAt: d.At.Add(noticeLife),
	}
}

// AlertDetails are the parameters of an alert.
type AlertDetails struct {
	Key    string // of the change, once
	Brand  string
	Method string // what was replaced, in the person's language; empty otherwise
	At     time.Time
	Link   string    // takes the change back; empty when nothing does
	Until  time.Time // when the link ends
}

// Alert is the message that tells of a change at one address. Queue it in the transaction that makes the change. On a telephone it is short.
func Alert(kind NoticeKind, subject, channel, to, locale string, d AlertDetails) Message {
	template := string(kind)
	if d.Link == "" && kind != AlertCancelled {
		template += ".final"
	}
	if channel != Email {
		template += ".short"
	}
	return Message{
		Key: string(kind) + ":" + d.Key + ":" + to, Subject: subject, Channel: channel, To: to, Locale: locale, Template: template,
		Params: map[string]string{"brand": d.Brand, "method": d.Method, "at": d.At.UTC().Format("2006-01-02 15:04") + " UTC",
			"link": d.Link, "until": d.Until.UTC().Format("2006-01-02 15:04") + " UTC"},
		ExpiresAt: d.At.Add(noticeLife),
	}
}

//go:embed texts/*.json
var textFiles embed.FS

// hostTexts holds language → key → text.
var hostTexts = mustTexts()

func mustTexts() map[string]map[string]string {
	all := map[string]map[string]string{}
	entries, err := textFiles.ReadDir("texts")
	if err != nil {
		panic(fmt.Sprintf("delivery: embedded texts: %v", err))
	}
	for _, e := range entries {
		raw, err := textFiles.ReadFile("texts/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("delivery: embedded texts: %v", err))
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			panic(fmt.Sprintf("delivery: embedded texts %s: %v", e.Name(), err))
		}
		all[strings.TrimSuffix(e.Name(), ".json")] = texts
	}
	return all
}

// hostText finds a text of the host: language, then English. The texts have no regional variants.
func hostText(locale, key string) (string, bool) {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if s, ok := hostTexts[base][key]; ok {
		return s, true
	}
	s, ok := hostTexts["en"][key]
	return s, ok
}
