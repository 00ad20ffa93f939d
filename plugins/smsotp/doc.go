// Package smsotp is the bundled authenticator for codes by text message and by telephone call: something the person has, a telephone
// whose number was proved by a code or vouched for by the bank.
//
// It owns what is said of telephones: which numbers are taken, how they are masked, the words of the messages. The codes, their limits
// and the screens are plugins/internal/messageotp; sending is a delivery channel's.
package smsotp
