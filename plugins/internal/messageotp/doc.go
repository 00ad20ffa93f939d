// Package messageotp is the engine of the authenticators that send a one-time code in a message: sms-otp (text message and call) and
// email-otp. A plugin gives it a [Definition]: its methods, its texts and what it knows of addresses.
//
//	Begin           code ──▶ hash in the flow's state; message after the commit; "sent at" in the credential
//	Continue        resend ──▶ a new code, after a pause, a few times
//	                code   ──▶ right, in time, not used ──▶ success; "used" in the credential by compare-and-set
//	BeginEnroll     address?
//	ContinueEnroll  address ──▶ code ──▶ right ──▶ credential with the address
//
// It owns the code (made, hashed, bound to flow, address and transaction, judged), how many messages an address gets, and the screens.
// It does not own delivery (the host's outbox and a channel plugin), the count of failures (the host) or what an address is (the plugin).
//
// A code is not kept: the state holds an HMAC of it. That hides nothing from whoever can open the state, as there are only 10⁶ codes;
// the host's sealing does.
package messageotp
