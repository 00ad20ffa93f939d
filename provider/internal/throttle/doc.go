// Package throttle owns how many failures are allowed to whom. It does not own what a failure is (login).
//
// A counter is a row under a key: one per subscriber (or per submitted name that does not exist, so that both behave
// alike), one per known browser of a subscriber, one per network address. The subscriber's counter is changed by
// compare-and-set in the transaction of the step that failed: of many parallel guesses only one commits, the others
// run again and see the raised count.
package throttle
