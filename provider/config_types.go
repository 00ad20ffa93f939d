package provider

import (
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// Duration is written as "5m" or "8h".
type Duration = relyingparty.Duration

// Policy says which acr values exist and which combinations of methods reach each.
type Policy = policy.Policy

// Level is one acr value of a Policy.
type Level = policy.Level

// Risk is one risk source in use: a fraud engine, a SIM-swap check. Of several that are asked about the same, the strictest
// verdict counts.
type Risk struct {
	// The instance in plugins that is asked.
	Source string `json:"source" jsonschema:"required"`
	// What it is asked about: sign_in (all that is asked for is proven), send (a message with a code is about to go out), bind
	// (an authenticator is about to be bound), transaction, recover.
	Operations []string `json:"operations" jsonschema:"required,minItems=1,enum=sign_in,enum=send,enum=bind,enum=transaction,enum=recover"`
	// How long it may take, at most 3s. Default: 800ms.
	Deadline Duration `json:"deadline,omitempty"`
	// What its silence counts as, by operation: allow, step_up or deny. Default: step_up for sign_in, deny for all else.
	Silence map[string]string `json:"silence,omitempty"`
	// The relying parties it is asked for, by client_id; varco-account is the person's own page. Default: all.
	RelyingParties []string `json:"relying_parties,omitempty"`
	// The kinds of channel it is asked about before a message goes out. Default: sms and voice.
	Channels []string `json:"channels,omitempty" jsonschema:"enum=sms,enum=voice,enum=email,enum=push"`
}

// Recovery is what happens when people lose a way to sign in, or change where messages go: docs/account-life.md.
type Recovery struct {
	// How long relying parties are told to be careful after access was recovered or an address changed, and how long the person can take
	// that back.
	CoolingOff Duration `json:"cooling_off,omitempty"`
	// What replaces a method that was lost, by that method: combinations of other methods, and of "ticket", the code that an operator hands
	// out. Default, for each method that is not here: the smallest combinations that are hard enough to steal together.
	Ways map[string][][]string `json:"ways,omitempty"`
	// The plugins whose codes travel in messages: whoever has the mailbox or the number has the code, so these alone are never enough.
	// Default: the instances of sms-otp and email-otp.
	Carried []string `json:"carried,omitempty"`
	// How long the code of `varco subscriber recover` can be used.
	TicketLifetime Duration `json:"ticket_lifetime,omitempty"`
	// How many operators such a code takes: 1, or 2 for four eyes.
	TicketApprovals int `json:"ticket_approvals,omitempty" jsonschema:"minimum=1,maximum=2"`
	// How many codes and reminders one address is sent in an hour.
	MessagesPerHour int `json:"messages_per_hour,omitempty" jsonschema:"minimum=1,maximum=20"`
}

// RelyingParty is the registration of a relying party.
type RelyingParty = relyingparty.Settings

// AuthMethod is how a relying party authenticates at the token endpoint (RFC 7591 token_endpoint_auth_method).
type AuthMethod = relyingparty.AuthMethod

// ConsentMode is whether the person is asked before data go to the relying party.
type ConsentMode = relyingparty.ConsentMode
