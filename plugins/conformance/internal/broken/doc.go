// Command broken is small plugins of every kind that keep the contract, and a long list of ways in which each of them
// can break it: broken KIND DEFECT. The tests of the conformance kit run them as processes and expect that exactly the rules they break fail.
//
// It is no part of any product and offers no security.
package main
