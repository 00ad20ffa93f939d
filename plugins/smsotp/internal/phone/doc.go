// Package phone reads telephone numbers as people write them, and says which are mobile phones and which are land lines.
//
// The rules of each country (numbering.tsv) come from Google's libphonenumber by way of github.com/nyaruka/phonenumbers; generate/ writes
// them, and the tests hold this package to that library. The library itself is not linked in: it unpacks the rules of all countries and
// services when a program starts, which every plugin process and every command of this binary would pay for with a dozen milliseconds and
// some megabytes. Here the rules of one country are read when a number of it comes.
//
// It does not know about extensions, letters for digits, emergency and service numbers, carriers or places, nor does it format for people.
package phone

//go:generate go run ./generate
