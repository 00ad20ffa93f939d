package sdk

import pb "github.com/varco-id/varco/plugins/sdk/varcopb"

func encodeText(t Text) *pb.Text {
	if t.Key == "" && len(t.Params) == 0 {
		return nil
	}
	return &pb.Text{Key: t.Key, Params: t.Params}
}

func decodeText(t *pb.Text) Text { return Text{Key: t.GetKey(), Params: t.GetParams()} }

func (e *encoder) view(v *View) *pb.View {
	if v == nil {
		return nil
	}
	return &pb.View{Title: encodeText(v.Title), Nodes: list(v.Nodes, e.node)}
}

func decodeView(v *pb.View) *View {
	if v == nil {
		return nil
	}
	return &View{Title: decodeText(v.Title), Nodes: list(v.Nodes, decodeNode)}
}

// decodeViewValue is for the outcomes that always have a view.
func decodeViewValue(v *pb.View) View {
	if v == nil {
		return View{}
	}
	return *decodeView(v)
}

func (e *encoder) node(n Node) *pb.Node {
	e.one("view node", n.TextField != nil, n.Choice != nil, n.QR != nil, n.WebAuthn != nil, n.Paragraph != nil,
		n.Action != nil, n.NumberMatch != nil, n.Transaction != nil, n.Wait != nil, n.Image != nil, n.Redirect != nil)
	switch {
	case n.TextField != nil:
		return &pb.Node{Kind: &pb.Node_TextField{TextField: e.textField(n.TextField)}}
	case n.Choice != nil:
		return &pb.Node{Kind: &pb.Node_Choice{Choice: encodeChoice(n.Choice)}}
	case n.QR != nil:
		return &pb.Node{Kind: &pb.Node_Qr{Qr: &pb.QR{Content: n.QR.Content, Alt: encodeText(n.QR.Alt), Typed: n.QR.Typed}}}
	case n.WebAuthn != nil:
		return &pb.Node{Kind: &pb.Node_Webauthn{Webauthn: &pb.WebAuthn{Create: n.WebAuthn.Create, Options: n.WebAuthn.Options}}}
	case n.Paragraph != nil:
		return &pb.Node{Kind: &pb.Node_Paragraph{Paragraph: &pb.Paragraph{
			Text: encodeText(n.Paragraph.Text), Style: enumStyle.encode(e, n.Paragraph.Style)}}}
	case n.Action != nil:
		return &pb.Node{Kind: &pb.Node_Action{Action: &pb.Action{Name: n.Action.Name, Label: encodeText(n.Action.Label),
			Primary: n.Action.Primary, Skip: n.Action.Skip}}}
	case n.NumberMatch != nil:
		return &pb.Node{Kind: &pb.Node_NumberMatch{NumberMatch: &pb.NumberMatch{
			Digits: n.NumberMatch.Digits, Label: encodeText(n.NumberMatch.Label)}}}
	case n.Transaction != nil:
		return &pb.Node{Kind: &pb.Node_Transaction{Transaction: &pb.TransactionView{
			Rows: list(n.Transaction.Rows, func(r ShownRow) *pb.TransactionRow {
				return &pb.TransactionRow{Label: encodeText(r.Label), Value: r.Value}
			})}}}
	case n.Wait != nil:
		return &pb.Node{Kind: &pb.Node_Wait{Wait: &pb.Wait{Text: encodeText(n.Wait.Text)}}}
	case n.Image != nil:
		return &pb.Node{Kind: &pb.Node_Image{Image: &pb.Image{Png: n.Image.PNG, Alt: encodeText(n.Image.Alt)}}}
	case n.Redirect != nil:
		return &pb.Node{Kind: &pb.Node_Redirect{Redirect: &pb.Redirect{Url: n.Redirect.URL, Label: encodeText(n.Redirect.Label)}}}
	}
	return &pb.Node{}
}

// decodeNode gives an empty Node for a kind it does not know: the host then treats the method as not applicable.
func decodeNode(n *pb.Node) Node {
	switch k := n.GetKind().(type) {
	case *pb.Node_TextField:
		return Node{TextField: decodeTextField(k.TextField)}
	case *pb.Node_Choice:
		return Node{Choice: decodeChoice(k.Choice)}
	case *pb.Node_Qr:
		return Node{QR: &QR{Content: k.Qr.Content, Alt: decodeText(k.Qr.Alt), Typed: k.Qr.Typed}}
	case *pb.Node_Webauthn:
		return Node{WebAuthn: &WebAuthn{Create: k.Webauthn.Create, Options: k.Webauthn.Options}}
	case *pb.Node_Paragraph:
		return Node{Paragraph: &Paragraph{Text: decodeText(k.Paragraph.Text), Style: enumStyle.decode(k.Paragraph.Style)}}
	case *pb.Node_Action:
		return Node{Action: &Action{Name: k.Action.Name, Label: decodeText(k.Action.Label), Primary: k.Action.Primary,
			Skip: k.Action.Skip}}
	case *pb.Node_NumberMatch:
		return Node{NumberMatch: &NumberMatch{Digits: k.NumberMatch.Digits, Label: decodeText(k.NumberMatch.Label)}}
	case *pb.Node_Transaction:
		return Node{Transaction: &Shown{Rows: list(k.Transaction.Rows, func(r *pb.TransactionRow) ShownRow {
			return ShownRow{Label: decodeText(r.Label), Value: r.Value}
		})}}
	case *pb.Node_Wait:
		return Node{Wait: &Wait{Text: decodeText(k.Wait.Text)}}
	case *pb.Node_Image:
		return Node{Image: &Image{PNG: k.Image.Png, Alt: decodeText(k.Image.Alt)}}
	case *pb.Node_Redirect:
		return Node{Redirect: &Redirect{URL: k.Redirect.Url, Label: decodeText(k.Redirect.Label)}}
	}
	return Node{}
}

func (e *encoder) textField(f *TextField) *pb.TextField {
	return &pb.TextField{
		Name: f.Name, Kind: enumFieldKind.encode(e, f.Kind), Label: encodeText(f.Label), Hint: encodeText(f.Hint),
		Error: encodeText(f.Error), Value: f.Value, Strength: f.Strength, Optional: f.Optional,
		MinLength: e.count("min_length", f.MinLength), MaxLength: e.count("max_length", f.MaxLength),
	}
}

func decodeTextField(f *pb.TextField) *TextField {
	return &TextField{
		Name: f.Name, Kind: enumFieldKind.decode(f.Kind), Label: decodeText(f.Label), Hint: decodeText(f.Hint),
		Error: decodeText(f.Error), Value: f.Value, Strength: f.Strength, Optional: f.Optional,
		MinLength: int(f.MinLength), MaxLength: int(f.MaxLength),
	}
}

func encodeChoice(c *Choice) *pb.Choice {
	return &pb.Choice{Name: c.Name, Label: encodeText(c.Label), Error: encodeText(c.Error),
		Options: list(c.Options, func(o Option) *pb.Option {
			return &pb.Option{Value: o.Value, Label: encodeText(o.Label), Selected: o.Selected}
		})}
}

func decodeChoice(c *pb.Choice) *Choice {
	return &Choice{Name: c.Name, Label: decodeText(c.Label), Error: decodeText(c.Error),
		Options: list(c.Options, func(o *pb.Option) Option {
			return Option{Value: o.Value, Label: decodeText(o.Label), Selected: o.Selected}
		})}
}
