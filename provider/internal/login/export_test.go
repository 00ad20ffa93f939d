package login

// What tests of the whole pipeline need, which live outside the package because the store imports it.
var (
	CredentialPlace = credentialPlace
	KnownBrowser    = knownBrowser
	AddKnownBrowser = addKnownBrowser
	BankPolicy      = bankPolicy
)
