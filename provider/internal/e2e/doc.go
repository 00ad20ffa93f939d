// Package e2e holds the tests that see the product as the world does: the built program as a process, its command line, and clients that
// nobody of this project wrote – npm's openid-client, go-oidc, Apache with mod_auth_openidc, Chromium.
//
// It owns how such a test installs and starts Varco, and how it plays a person with or without a browser. It imports nothing of the product
// but what the tests of other packages share, so that it can only rely on what an operator, a relying party or a person can rely on.
package e2e
