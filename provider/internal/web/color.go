package web

import (
	"fmt"
	"math"
	"strconv"
)

// rgb is a colour of sRGB.
type rgb struct{ r, g, b uint8 }

var (
	white = rgb{255, 255, 255}
	black = rgb{0, 0, 0}
	ink   = rgb{0x0b, 0x10, 0x16} // text on a light button of the dark scheme
)

func parseColor(s string) (rgb, error) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, fmt.Errorf("colour %q is not of the form #rrggbb", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return rgb{}, fmt.Errorf("colour %q is not of the form #rrggbb", s)
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// mix moves c towards d by t in 0…1.
func (c rgb) mix(d rgb, t float64) rgb {
	part := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*t)) }
	return rgb{part(c.r, d.r), part(c.g, d.g), part(c.b, d.b)}
}

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, 1…21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// readable returns the colour nearest to c on the way to black or white that reaches the ratio on every ground, and whether c had to move.
func readable(c, towards rgb, ratio float64, grounds ...rgb) (rgb, bool) {
	for step := 0; step <= 50; step++ {
		moved := c.mix(towards, float64(step)/50)
		ok := true
		for _, g := range grounds {
			ok = ok && contrast(moved, g) >= ratio
		}
		if ok {
			return moved, step > 0
		}
	}
	return towards, true
}
