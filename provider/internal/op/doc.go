// Package op owns the OpenID Provider's endpoints: what goes over the wire to and from relying parties and resource servers.
//
//	browser ── /authorize ──▶ checked request ──▶ Flows.Start (login) ──▶ pages (web) ──▶ Respond ──▶ relying party
//	relying party ── /token ──▶ client authenticated ──▶ one transaction: grant, one-time keys, audit ──▶ tokens signed
//	resource server ── /introspect ──▶ client authenticated ──▶ token verified, one statement: still good?
//
// It is built on github.com/zitadel/oidc/v3 and is the only package that knows it. The wire types, the discovery document,
// claim hashes and the verification of signatures are the library's; its routes are not used. Where its behaviour is not
// that of a provider one would trust with money, the part is written here, and docs/oidc.md names the test that holds it.
//
// It does not own the login (login), HTML but for the form_post page (web), what a grant is (grant), who may be a relying party
// (relyingparty) or the keys (signingkey).
package op
