// Package passkey holds two bundled authenticators on WebAuthn (Web Authentication Level 3), both proofs that no false page can collect:
//
//   - passkey: two factors in one gesture. The authenticator holds the key and checks its owner (PIN, finger, face) before it signs, and
//     it knows whose key it is, so the person needs no name: the browser offers the passkey in the field for it.
//   - security-key: possession alone, for a second factor: a touch, by somebody who is known already.
//
// They own the ceremonies, the credential's public key, its signature counter and what is said of it (synced or bound to one device).
// The cryptography and the checks of the specification are go-webauthn's. They do not run in the browser (the host's own script does) and
// do not know who a credential belongs to: the host looks it up by its handle, the credential's id in base64url.
//
//	Begin           challenge ──▶ flow state, request options
//	Continue        answer ──nobody known──▶ Identify(handle) ──▶ again, with that credential or none
//	                       ──signature, counter, policy──▶ success
//	BeginEnroll     challenge, what is there already ──▶ creation options
//	ContinueEnroll  attestation ──▶ create credential
package passkey
