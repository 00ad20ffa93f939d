package pskc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// The bounds of a file.
const (
	maxFile  = 512 << 10 // bytes
	maxDepth = 24
	maxKeys  = 2000
)

// The elements of the file. Those of PSKC and XML Encryption are held to their namespaces; the parameters of PBKDF2 come with and without.
type (
	document struct {
		XMLName xml.Name       `xml:"urn:ietf:params:xml:ns:keyprov:pskc KeyContainer"`
		Version string         `xml:"Version,attr"`
		Key     *encryptionKey `xml:"urn:ietf:params:xml:ns:keyprov:pskc EncryptionKey"`
		MAC     *macMethod     `xml:"urn:ietf:params:xml:ns:keyprov:pskc MACMethod"`
		Keys    []keyPackage   `xml:"urn:ietf:params:xml:ns:keyprov:pskc KeyPackage"`
	}
	encryptionKey struct {
		Name    string      `xml:"http://www.w3.org/2000/09/xmldsig# KeyName"`
		Derived *derivedKey `xml:"http://www.w3.org/2009/xmlenc11# DerivedKey"`
		X509    *struct{}   `xml:"http://www.w3.org/2000/09/xmldsig# X509Data"`
	}
	derivedKey struct {
		Method struct {
			Algorithm string `xml:"Algorithm,attr"`
			Params    *struct {
				Salt       string `xml:"Salt>Specified"`
				Iterations int    `xml:"IterationCount"`
				KeyLength  int    `xml:"KeyLength"`
				PRF        struct {
					Algorithm string `xml:"Algorithm,attr"`
					Text      string `xml:",chardata"` // where python-pskc writes it
				} `xml:"PRF"`
			} `xml:"PBKDF2-params"`
		} `xml:"http://www.w3.org/2009/xmlenc11# KeyDerivationMethod"`
	}
	macMethod struct {
		Algorithm string     `xml:"Algorithm,attr"`
		Key       *encrypted `xml:"urn:ietf:params:xml:ns:keyprov:pskc MACKey"`
	}
	encrypted struct {
		Method struct {
			Algorithm string `xml:"Algorithm,attr"`
		} `xml:"http://www.w3.org/2001/04/xmlenc# EncryptionMethod"`
		Data struct {
			Value string `xml:"http://www.w3.org/2001/04/xmlenc# CipherValue"`
		} `xml:"http://www.w3.org/2001/04/xmlenc# CipherData"`
	}
	keyPackage struct {
		Device struct {
			Manufacturer string `xml:"urn:ietf:params:xml:ns:keyprov:pskc Manufacturer"`
			Model        string `xml:"urn:ietf:params:xml:ns:keyprov:pskc Model"`
			Serial       string `xml:"urn:ietf:params:xml:ns:keyprov:pskc SerialNo"`
			Expiry       string `xml:"urn:ietf:params:xml:ns:keyprov:pskc ExpiryDate"`
		} `xml:"urn:ietf:params:xml:ns:keyprov:pskc DeviceInfo"`
		Key *keyElement `xml:"urn:ietf:params:xml:ns:keyprov:pskc Key"`
	}
	keyElement struct {
		ID         string `xml:"Id,attr"`
		Algorithm  string `xml:"Algorithm,attr"`
		Parameters struct {
			Suite    string `xml:"urn:ietf:params:xml:ns:keyprov:pskc Suite"`
			Response *struct {
				Length      int    `xml:"Length,attr"`
				Encoding    string `xml:"Encoding,attr"`
				CheckDigits string `xml:"CheckDigits,attr"`
			} `xml:"urn:ietf:params:xml:ns:keyprov:pskc ResponseFormat"`
		} `xml:"urn:ietf:params:xml:ns:keyprov:pskc AlgorithmParameters"`
		ProfileID string    `xml:"urn:ietf:params:xml:ns:keyprov:pskc KeyProfileId"`
		Reference string    `xml:"urn:ietf:params:xml:ns:keyprov:pskc KeyReference"`
		Data      *keyData  `xml:"urn:ietf:params:xml:ns:keyprov:pskc Data"`
		Policy    *struct { // nil: no restriction
			Start  string   `xml:"urn:ietf:params:xml:ns:keyprov:pskc StartDate"`
			Expiry string   `xml:"urn:ietf:params:xml:ns:keyprov:pskc ExpiryDate"`
			Usage  []string `xml:"urn:ietf:params:xml:ns:keyprov:pskc KeyUsage"`
			Other  []struct {
				XMLName xml.Name
			} `xml:",any"`
		} `xml:"urn:ietf:params:xml:ns:keyprov:pskc Policy"`
	}
	keyData struct {
		Secret   *value `xml:"urn:ietf:params:xml:ns:keyprov:pskc Secret"`
		Counter  *value `xml:"urn:ietf:params:xml:ns:keyprov:pskc Counter"`
		Interval *value `xml:"urn:ietf:params:xml:ns:keyprov:pskc TimeInterval"`
		Drift    *value `xml:"urn:ietf:params:xml:ns:keyprov:pskc TimeDrift"`
	}
	value struct {
		Plain     []string    `xml:"urn:ietf:params:xml:ns:keyprov:pskc PlainValue"`
		Encrypted []encrypted `xml:"urn:ietf:params:xml:ns:keyprov:pskc EncryptedValue"`
		MAC       string      `xml:"urn:ietf:params:xml:ns:keyprov:pskc ValueMAC"`
	}
)

// errForm hides what the XML parser says: it quotes the file, which may hold seeds in clear.
var errForm = errors.New("not a PSKC file (RFC 6030): the XML cannot be read")

// read parses a file within the bounds.
func read(raw []byte) (*document, error) {
	if len(raw) > maxFile {
		return nil, errors.New("the PSKC file is larger than 512 KiB: split it")
	}
	if err := harmless(raw); err != nil {
		return nil, err
	}
	var d document
	if err := xml.Unmarshal(raw, &d); err != nil {
		return nil, errForm
	}
	switch {
	case d.Version != "1.0":
		return nil, errors.New("the PSKC file is not of version 1.0")
	case len(d.Keys) == 0:
		return nil, errors.New("the PSKC file holds no key")
	case len(d.Keys) > maxKeys:
		return nil, errors.New("the PSKC file holds more than 2,000 keys: split it")
	}
	return &d, nil
}

// harmless walks over the file once: no document type (entities that grow, or that fetch files and addresses), no deep nesting, one root,
// nothing after it.
func harmless(raw []byte) error {
	d := xml.NewDecoder(bytes.NewReader(raw))
	depth, roots := 0, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errForm
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("the PSKC file has a document type declaration, which none needs")
		case xml.ProcInst:
			if t.Target != "xml" || roots > 0 {
				return errors.New("the PSKC file has a processing instruction, which none needs")
			}
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > maxDepth {
				return errors.New("the PSKC file is nested too deeply")
			}
		case xml.EndElement:
			depth--
		}
	}
	if roots != 1 || depth != 0 {
		return errForm
	}
	return nil
}
