package legacyhash

import (
	"strings"
	"time"
)

// The tables of DES, numbered from 1 at the leftmost bit (FIPS 46-3). The standard library's DES cannot be used: crypt(3) has the salt
// swap entries of the expansion, so that chips for DES were of no help in guessing.
var (
	desPC1 = [56]byte{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	desPC2 = [48]byte{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
	desShifts    = [16]int{1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1}
	desExpansion = [48]byte{
		32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17,
		16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
	}
	desBoxes = [8][64]byte{
		{14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
			4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13},
		{15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
			0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9},
		{10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
			13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12},
		{7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
			10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14},
		{2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
			4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3},
		{12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
			9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13},
		{4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
			1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12},
		{13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
			7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11},
	}
	desPermutation = [32]byte{16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25}
)

const desCryptLen = 13 // two characters of salt, eleven of sum

// desCrypt is the traditional crypt(3): DES of zeroes, 25 times, under the first eight characters. Its shape is also that of many passwords
// in clear, so it is only looked for where crypt(3) is said to be.
func (p parser) desCrypt(s string) (Hash, error) {
	var swaps uint
	for i := range 2 {
		swaps |= uint(strings.IndexByte(cryptAlphabet, s[i])) << (6 * i)
	}
	return p.hash("crypt-des", computedVerifier{
		compute: func(password []byte) []byte { return desSum(password, swaps) },
		sum:     []byte(s[2:]), takes: Cost{Time: 300 * time.Microsecond},
	})
}

// desKeys makes the 16 keys of the rounds, one bit a byte, of seven bits of each of the first eight characters.
func desKeys(password []byte) (keys [16][48]byte) {
	var key [64]byte
	for i, c := range password[:min(len(password), 8)] {
		for j := range 7 {
			key[8*i+j] = c >> (6 - j) & 1
		}
	}
	var cd [56]byte
	for i, at := range desPC1 {
		cd[i] = key[at-1]
	}
	for round, shift := range desShifts {
		for range shift {
			c, d := cd[0], cd[28]
			copy(cd[:27], cd[1:28])
			copy(cd[28:55], cd[29:])
			cd[27], cd[55] = c, d
		}
		for i, at := range desPC2 {
			keys[round][i] = cd[at-1]
		}
	}
	return keys
}

// desSum works on single bits and selects nothing by them but table entries; the salt is no secret.
func desSum(password []byte, swaps uint) []byte {
	keys, expansion := desKeys(password), desExpansion
	for i := range 12 {
		if swaps>>i&1 == 1 {
			expansion[i], expansion[i+24] = expansion[i+24], expansion[i]
		}
	}
	var left, right [32]byte // the initial permutation of zeroes is zeroes, and the ones between cancel each other
	for range 25 {
		for round := range keys {
			next := left
			desRound(&next, &right, &keys[round], &expansion)
			left, right = right, next
		}
		left, right = right, left
	}
	out := make([]byte, 0, desCryptLen-2)
	var bits uint
	for i := range 66 { // six bits a character, the last two of which are none
		bits = bits << 1 & 63
		if i < 64 {
			bits |= uint(desFinal(&left, &right, i))
		}
		if i%6 == 5 {
			out = append(out, cryptAlphabet[bits])
		}
	}
	return out
}

// desFinal is bit i of the final permutation: columns of the two halves by turns, from the last column to the first.
func desFinal(left, right *[32]byte, i int) byte {
	row, column := 7-i/8, i%8
	if at := 8*(column/2) + row; column%2 == 0 {
		return right[at]
	} else {
		return left[at]
	}
}

func desRound(into, right *[32]byte, key, expansion *[48]byte) {
	var out [32]byte
	for box := range desBoxes {
		var in [6]byte
		for i := range in {
			in[i] = right[expansion[6*box+i]-1] ^ key[6*box+i]
		}
		v := desBoxes[box][in[0]<<5|in[5]<<4|in[1]<<3|in[2]<<2|in[3]<<1|in[4]]
		for i := range 4 {
			out[4*box+i] = v >> (3 - i) & 1
		}
	}
	for i, at := range desPermutation {
		into[i] ^= out[at-1]
	}
}
