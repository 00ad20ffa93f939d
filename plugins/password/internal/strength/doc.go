// Package strength estimates how many guesses a clever attacker needs for a password, the way zxcvbn does (Wheeler,
// USENIX Security 2016): find the words, keyboard walks, sequences, repeats and dates in it, then search for the
// cheapest way to cover it with them.
//
// The search and the cost of each pattern are those of trustelem/zxcvbn's package scoring. The patterns are found
// here, because that module's own finder loads 6 MiB of dictionaries into the heap of every process that links it,
// whether it ever judges a password or not; here the words come from the list that package blocklist reads in place.
//
// The package tells a number; plugins/password decides what is too few.
package strength
