// Package smstext counts what a text costs as text messages: the alphabet it needs and the segments it is cut into (3GPP TS 23.038, TS 23.040).
//
// One character outside the GSM alphabet (a curly apostrophe, an em dash) halves what fits into a segment, and each segment is paid
// for. The package counts; it does not cut, replace or send anything.
package smstext
