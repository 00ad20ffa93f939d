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

// readable returns the colour nearest to c, lighter or darker, that reaches the ratio on every ground, and whether c had to move. It
// moves the lightness of OKLCH alone, so that a bank's green stays that green; chroma gives way only where sRGB has no such colour.
func readable(c rgb, lighter bool, ratio float64, grounds ...rgb) (rgb, bool) {
	const steps = 100
	from := toLab(c)
	end := 0.0
	if lighter {
		end = 1
	}
	for step := 0; step <= steps; step++ {
		moved := c
		if step > 0 {
			moved = lab{from.l + (end-from.l)*float64(step)/steps, from.a, from.b}.rgb()
		}
		ok := true
		for _, g := range grounds {
			ok = ok && contrast(moved, g) >= ratio
		}
		if ok {
			return moved, step > 0
		}
	}
	if lighter {
		return white, true
	}
	return black, true
}

// lab is a colour of OKLab (https://bottosson.github.io/posts/oklab/), in which equal steps look equal.
type lab struct{ l, a, b float64 }

func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func toLab(c rgb) lab {
	r, g, b := linear(c.r), linear(c.g), linear(c.b)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return lab{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

// rgb gives up chroma until the colour is one of sRGB.
func (c lab) rgb() rgb {
	for chroma := 1.0; chroma > 0; chroma -= 0.02 {
		if out, ok := (lab{c.l, c.a * chroma, c.b * chroma}).exact(); ok {
			return out
		}
	}
	out, _ := lab{min(max(c.l, 0), 1), 0, 0}.exact()
	return out
}

func (c lab) exact() (rgb, bool) {
	cube := func(x float64) float64 { return x * x * x }
	l := cube(c.l + 0.3963377774*c.a + 0.2158037573*c.b)
	m := cube(c.l - 0.1055613458*c.a - 0.0638541728*c.b)
	s := cube(c.l - 0.0894841775*c.a - 1.2914855480*c.b)
	inside := true
	channel := func(x float64) uint8 {
		if x < -0.001 || x > 1.001 {
			inside = false
		}
		x = min(max(x, 0), 1)
		if x <= 0.0031308 {
			return uint8(math.Round(255 * 12.92 * x))
		}
		return uint8(math.Round(255 * (1.055*math.Pow(x, 1/2.4) - 0.055)))
	}
	out := rgb{
		channel(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		channel(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		channel(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
	return out, inside
}
