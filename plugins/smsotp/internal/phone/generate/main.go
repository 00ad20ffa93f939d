// Command generate writes numbering.tsv: what package phone knows of each country.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var lines []string
	for _, m := range all.GetMetadata() {
		region := m.GetId()
		if region == "001" {
			continue // services without a country: no person's phone
		}
		code := int(m.GetCountryCode())
		// The order in which the countries that share a code are tried; 0 is the main one.
		order := slices.Index(phonenumbers.GetRegionCodesForCountryCode(code), region)
		fields := []string{
			fmt.Sprint(code), fmt.Sprintf("%02d", order), region, m.GetInternationalPrefix(), m.GetNationalPrefixForParsing(),
			m.GetNationalPrefixTransformRule(), m.GetLeadingDigits(), m.GetGeneralDesc().GetNationalNumberPattern(),
			pattern(m.GetMobile()), pattern(m.GetFixedLine()), other(m),
		}
		for _, f := range fields {
			if strings.ContainsAny(f, "\t\n") {
				fmt.Fprintln(os.Stderr, region+": a rule holds a tab or a line break")
				os.Exit(1)
			}
		}
		lines = append(lines, strings.Join(fields, "\t"))
	}
	slices.Sort(lines)
	if err := os.WriteFile("numbering.tsv", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pattern(d *phonenumbers.PhoneNumberDesc) string {
	if p := d.GetNationalNumberPattern(); p != "NA" {
		return p
	}
	return ""
}

// other is what comes before mobile and fixed where patterns overlap: premium, toll-free, shared cost, VoIP, personal, pager, UAN, voice mail.
func other(m *phonenumbers.PhoneMetadata) string {
	var parts []string
	for _, d := range []*phonenumbers.PhoneNumberDesc{m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(),
		m.GetPager(), m.GetUan(), m.GetVoicemail()} {
		if p := pattern(d); p != "" {
			parts = append(parts, "(?:"+p+")")
		}
	}
	return strings.Join(parts, "|")
}
