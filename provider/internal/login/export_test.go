package login

// What tests of the whole pipeline need, which live outside the package because the store imports it.
var (
	CredentialPlace = credentialPlace
	KnownBrowser    = knownBrowser
	AddKnownBrowser = addKnownBrowser
	BankPolicy      = bankPolicy
)

// Life is the dispatcher's part for accounts.
func (d *Dispatcher) Life() *Life { return d.life }
