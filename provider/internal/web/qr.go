package web

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/varco-id/varco/plugins/sdk"
)

// qr draws a QR code. Its text stands beside it, to type or to copy: not everybody can scan, and nobody scans the screen of the phone
// they hold.
func (b *builder) qr(q *sdk.QR) error {
	if q.Content == "" || len(q.Content) > maxQR || q.Typed == "" || len(q.Typed) > maxQR {
		return errors.New("QR code without content or text, or too long")
	}
	alt, err := b.must(q.Alt, "alternative text")
	if err != nil {
		return err
	}
	drawn, err := drawQR(q.Content)
	if err != nil {
		return err
	}
	b.out.Nodes = append(b.out.Nodes, node{Kind: "qr", Image: dataURL(drawn), Alt: alt, Typed: groups(q.Typed), Copy: q.Typed})
	return nil
}

const (
	qrQuiet  = 4 // modules of empty border (ISO/IEC 18004)
	qrModule = 4 // pixels; the stylesheet scales without smoothing
)

// drawQR returns a PNG of one bit a pixel.
func drawQR(content string) ([]byte, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*qrQuiet) * qrModule
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules {
		for x := range modules {
			if luma, _, _, _ := code.At(x, y).RGBA(); luma > 0x7fff {
				continue
			}
			for dy := range qrModule {
				at := img.PixOffset((x+qrQuiet)*qrModule, (y+qrQuiet)*qrModule+dy)
				for dx := range qrModule {
					img.Pix[at+dx] = 1
				}
			}
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// groups breaks a long secret without spaces into fours, for the eye that goes back and forth.
func groups(s string) string {
	if len(s) < 12 || strings.ContainsAny(s, " :/?&=") {
		return s
	}
	var out strings.Builder
	for i, c := range []byte(s) {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteByte(c)
	}
	return out.String()
}
