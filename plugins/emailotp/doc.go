// Package emailotp is the bundled authenticator for codes by e-mail: it proves that the person reads a mailbox.
//
// It owns what is said of mailboxes: which addresses are taken, how they are masked, the words of the messages. The codes, their limits
// and the screens are plugins/internal/messageotp; sending is a delivery channel's.
//
// A mailbox is no device: it opens with a password, anywhere. So this is not possession, and two factors are never made of a password and
// a code by e-mail.
package emailotp
