package login

import (
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Overview is what the person's own page shows.
type Overview struct {
	Subject     string
	DisplayName string
	Names       []subscriber.Name
	Locale      string
	Credentials []CredentialInfo
	Bindable    []MethodOption
	Sessions    []SessionInfo
	Consents    []ConsentInfo
	Contacts    []ContactInfo
	Cooling     subscriber.Cooling // zero: relying parties are told nothing
	Events      []subscriber.Event // the newest few
}

// ContactInfo is an address as its owner sees it: masked, because who looks at the page may have found it open.
type ContactInfo struct {
	Channel    subscriber.Channel
	Masked     string // empty: there is none
	VerifiedAt time.Time
	Verified   bool
}

// CredentialInfo is a bound authenticator as its owner sees it.
type CredentialInfo struct {
	ID, Instance, Method  string
	Title                 sdk.Text // of the instance's catalogue
	Label                 string
	CreatedAt, LastUsedAt time.Time
	Removable             bool // false for the last way in
	Changeable            bool // a Flow with Request.Bind = Method replaces it
}

// SessionInfo is an OP session as its owner sees it.
type SessionInfo struct {
	ID, Browser, Address  string
	CreatedAt, LastSeenAt time.Time
	Current               bool
}

// ConsentInfo is what the person allowed a relying party.
type ConsentInfo struct {
	Client, Name string
	Scopes       []string
	GrantedAt    time.Time
}
