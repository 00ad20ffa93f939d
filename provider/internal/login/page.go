package login

import (
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Browser is what a request tells of the browser; cookies are as received, unchecked.
type Browser struct {
	Binding   string // cookie that binds flows to the browser that began them
	Session   string // cookie of the OP session
	Known     string // cookie of a browser that completed a login before
	Address   string // client address, after trusted proxies
	UserAgent string
	Locales   []string // Accept-Language, best first
}

// Submission is an answered page.
type Submission struct {
	Version int64             // hidden field: which page was answered
	Action  Action            // which button
	Method  string            // with ActionChoose, or that of a BesidePage
	Name    string            // user name, when the page asked for it
	Inputs  map[string]string // the plugin's fields, with the plugin's own Action as "action"
}

// Action is what a page's button does.
type Action string

// The actions of a page.
const (
	ActionContinue Action = ""        // the plugin's form
	ActionChoose   Action = "choose"  // another method
	ActionAllow    Action = "allow"   // consent
	ActionDeny     Action = "deny"    // consent refused
	ActionCancel   Action = "cancel"  // back to the relying party with access_denied
	ActionRestart  Action = "restart" // not me: forget the name and start over
)

// Page is what the browser is to show, or where it is to go. Exactly one of Step, Choose, Consent, Answer, Refusal is set.
type Page struct {
	Flow    string
	Version int64
	Client  string
	Request Request
	Locale  string // BCP 47, chosen from ui_locales, the subscriber, the browser
	Expires time.Time

	Step    *StepPage
	Choose  *ChoosePage
	Consent *ConsentPage
	Answer  *Answer
	Refusal *Refusal
}

// StepPage is a screen of a plugin, with what the host adds to it.
type StepPage struct {
	Instance   string // whose catalogue resolves the view's texts
	Method     string
	Title      sdk.Text // the method's title, of the same catalogue
	View       sdk.View
	Opening    *sdk.View // View is this one, of the method's description: the same for everybody
	AskName    bool      // put a user name field on top
	Name       string    // the name given, to show or prefill
	Notice     Notice    // why the page is shown again
	Others     []MethodOption
	Beside     *BesidePage // a method that can be answered in place of this one
	Binding    bool        // the person is binding an authenticator, not using one
	Changing   bool        // …which replaces the one they have
	Identified bool        // somebody proved who they are, in this flow or before: offer "not you?"
}

// BesidePage is the screen of a method that names the person, beside the field for their name. It is answered by a Submission with its
// Method.
type BesidePage struct {
	Instance, Method string
	Title            sdk.Text
	View             sdk.View
}

// MethodOption is a method a person can choose.
type MethodOption struct {
	Method, Instance string
	Title            sdk.Text
}

// ChoosePage lists methods to pick from.
type ChoosePage struct {
	Name    string
	Options []MethodOption
	Notice  Notice
}

// ConsentPage asks before data go to a relying party.
type ConsentPage struct {
	Name   string
	Scopes []string // those not granted before
}

// Notice is a message of the host above a page. Code is a text key of the host's own catalogue ("notice." + Code).
type Notice struct {
	Code   string            `json:"code,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// The notices the pipeline gives.
const (
	NoticeWrong       = "wrong"        // what was entered is not right; the same for unknown names
	NoticeLastTry     = "last_try"     // one more failure blocks for a while
	NoticeLastingNext = "lasting_next" // one more failure blocks until the bank lifts it
	NoticeBlocked     = "blocked"      // temporary; Params["minutes"]
	NoticeUnavailable = "unavailable"  // the method is not available now; try another or later
	NoticeDenied      = "denied"
	NoticeExpired     = "code_expired"
	NoticeReplayed    = "code_used"
	NoticeInput       = "input"
	NoticeReauth      = "reauth" // please confirm it is you
	NoticeStepUp      = "step_up"
)

// Answer ends a Flow. The cookies are derived from stored rows, so that a repeated request gets the same ones.
type Answer struct {
	Request      Request
	Outcome      Outcome
	Code         string // authorization code; empty on error and for the person's own page
	Session      string // value of the OP session cookie; empty: leave it
	KnownBrowser string // value of the known-browser cookie; empty: leave it
}

// Refusal is an end that has no relying party to go back to, or where going back would hide what the person must do.
type Refusal struct {
	Code   string // text key of the host's catalogue: "refusal." + Code
	Params map[string]string
}

// The refusals.
const (
	RefusalBlocked    = "blocked"     // lasting; the way back is told
	RefusalContested  = "contested"   // the owner took a change back; recovery is the way on
	RefusalNoMethod   = "no_method"   // the person has no authenticator that reaches what is asked
	RefusalLastMethod = "last_method" // the person's last way in cannot be removed
	RefusalRedeemed   = "redeemed"    // this login was completed before
	RefusalDeclined   = "declined"    // a risk source is against it; the person is not told why, or a thief would learn how to do better
	RefusalDown       = "down"        // a plugin is not running; the person may try again (ActionContinue)
)
