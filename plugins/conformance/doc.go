// Package conformance checks a built plugin, in any language, against contract v1: a black box that is launched, asked,
// lied to, starved and killed the way the Varco host and the world around it may do.
//
//	report, err := conformance.Run(ctx, conformance.Options{Command: []string{"/opt/bank/my-plugin"}})
//	report.Text(os.Stdout, false)
//
// Each check is a named [Rule]; what fails says what was seen, how to mend it and where the contract asks for it. What a
// plugin does not offer is not applicable to it, and is shown as such. To walk through an authenticator the kit must know
// the right answers: a [Script], the file conformance.yaml next to the plugin, gives them.
//
//	Run ──▶ launch ──▶ Describe ──▶ Configure ──▶ one check after the other, each from a state of its own
//	                                                │ every answer is held against the host's rules as it goes by
//	                                                ▼
//	                                    what can be said only of everything seen (logs, views, standard output)
//
// This package owns the rules, the driving and the reports. It knows nothing of the host's supervision (plugins/host): it
// makes the handshake of hashicorp/go-plugin by itself, so that it can also make it wrong. For unit tests of a plugin
// written in Go there is plugins/sdk/sdktest.
package conformance
