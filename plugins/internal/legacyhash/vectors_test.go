package legacyhash

import (
	"encoding/base64"
	"encoding/hex"
)

// vector is a hash that somebody else published, with its password.
type vector struct {
	source   string // where it was published
	format   string // what it must be recognised as
	spec     Spec
	in       Input
	password string
	// flip is the index of a character of the sum, from the end; 0 means the fourth from it.
	flip int
	// open is set where a shorter or longer row is a row as well: the salt stands last, or the sum has no fixed length.
	open bool
	// slow is set where more than one computation would be felt.
	slow bool
}

const (
	hashcat = "hashcat --example-hashes, password hashcat, mode "
	passlib = "passlib 1.7, tests/test_handlers*.py, "

	upassWav   = "\u0399\u03c9\u03b1\u03bd\u03bd\u03b7\u03c2" // passlib's names for its test passwords
	upassTable = "t\u00e1\u0411\u2113\u0259"
	letmein    = "l\u00e8tmein"
)

func row(encoded string) Input { return Input{Encoded: encoded} }

// rebased writes in base64 what was published in hexadecimal.
func rebased(hexadecimal string) string {
	b, err := hex.DecodeString(hexadecimal)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func steps(s ...Step) []Step { return s }

func digestSpec(digest, position string, prepare ...Step) Spec {
	return Spec{Format: "digest", Digest: digest, Layout: layoutHashSalt, Separator: ":", Salt: SaltSpec{Position: position}, Prepare: prepare}
}

func hmacSpec(digest, key string) Spec {
	return Spec{Format: "hmac", Digest: digest, Key: key, Layout: layoutHashSalt, Separator: ":"}
}

var (
	wide      = Step{Do: "charset", Charset: "utf-16le"}
	hashedMD5 = Step{Do: "digest", Digest: "md5"}
)

var cryptVectors = []vector{
	{source: hashcat + "1500", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("24leDr0hHfb3A"), password: "hashcat"},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("CCNf8Sbh3HDfQ"), password: "U*U*U*U*"},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("CCX.K.MFy4Ois"), password: "U*U***U"},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("CC4rMpbg9AMZ."), password: "U*U***U*"},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("XXxzOu6maQKqQ"), password: "*U*U*U*U"},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("SDbsugeBiC58A"), password: ""},
	{source: passlib + "des_crypt", format: "crypt-des", spec: Spec{Format: "crypt"}, in: row("um.Wguz3eVCx2"), password: "Compl3X AlphaNu3meric"},
	{source: passlib + "ldap_des_crypt", format: "crypt-des", in: row("{CRYPT}dQ58WW.1980Ig"), password: "helloworld"},
	{source: hashcat + "500", format: "crypt-md5", in: row("$1$38652870$DUjsu4TTlTsOe/xxZ05uf/"), password: "hashcat"},
	{source: "FreeBSD, lib/libcrypt/tests/crypt_tests.c", format: "crypt-md5", in: row("$1$deadbeef$0Huu6KHrKLVWfqa4WljDE0"), password: "0.s0.l33t"},
	{source: passlib + "sun_md5_crypt", format: "crypt-sun-md5", in: row("$md5$zrdhpMlZ$$wBvMOEqbSjU.hu5T2VEP01"), password: "Gpcs3_adm"},
	{source: passlib + "sun_md5_crypt", format: "crypt-sun-md5", in: row("$md5$3UqYqndY$$6P.aaWOoucxxq.l00SS9k0"), password: "this"},
	{source: "Drepper, SHA-crypt.txt", format: "crypt-sha256", in: row("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"), password: "Hello world!"},
	{source: "Drepper, SHA-crypt.txt", format: "crypt-sha256", in: row("$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"),
		password: "Hello world!"},
	{source: "Drepper, SHA-crypt.txt", format: "crypt-sha512", password: "Hello world!",
		in: row("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")},
	{source: hashcat + "7400", format: "crypt-sha256", in: row("$5$rounds=5000$GX7BopJZJxPc/KEK$le16UF8I2Anb.rOrn22AUPWvzUETDGefUmAV8AZkGcD"), password: "hashcat"},
	{source: hashcat + "1800", format: "crypt-sha512", password: "hashcat",
		in: row("$6$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1")},
	{source: passlib + "sha1_crypt", format: "crypt-sha1", in: row("$sha1$19703$iVdJqfSE$v4qYKl1zqYThwpjJAoKX6UvlHq/a"), password: "password"},
	{source: passlib + "sha1_crypt", format: "crypt-sha1", in: row("$sha1$40000$uJ3Sp7LE$.VEmLO5xntyRFYihC7ggd3297T/D"), password: upassTable},
	{source: "github.com/openwall/yescrypt-go, made by libxcrypt", format: "yescrypt", password: "test1",
		in: row("$y$j75$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC")},
	{source: "github.com/openwall/yescrypt-go, made by libxcrypt", format: "yescrypt", password: "salt length 0",
		in: row("$y$j7.$$cmp7v9bzgyAhctAaiyqG56MBYN2IYzfI5LvybJCKacD")},
	{source: "phc-winner-argon2, src/test.c", format: "argon2", password: "password", open: true,
		in: row("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")},
	{source: "phc-winner-argon2, src/test.c", format: "argon2", password: "password", open: true,
		in: row("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")},
	{source: "django, tests/auth_tests/test_hashers.py", format: "django-argon2", password: "secret", open: true,
		in: row("argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q")},
	{source: "go-crypt/crypt, t_argon2_test.go", format: "argon2", password: "password", open: true, slow: true,
		in: row("$argon2d$v=19$m=65536,t=3,p=4$HV/RIiFSYEMoRYqBcFnqfg$eGNckPZjkL2xOIHZv8Q4ROg5xbcdD8ijIJOgPwVAPmA")},
	{source: hashcat + "8900, in passlib's form", format: "scrypt", password: "hashcat", open: true,
		in: row("$scrypt$ln=10,r=1,p=1$MDIwMzMwNTQwNDQyNQ$5FW+zWivLxgCWj7qLiQbeC8zaNQ+qdO0NUinvqyFcfo")},
}

var bcryptVectors = []vector{
	{source: hashcat + "3200", format: "bcrypt", in: row("$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou"), password: "hashcat"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), password: "U*U"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
		password: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"), password: "\xa3"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"), password: "\xff\xff\xa3"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"), password: "\xa3"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS"), password: "\xd1\x91"},
	{source: "crypt_blowfish, wrapper.c", format: "bcrypt", in: row("$2x$05$6bNw2HLQYeqHYyBfLMsv/O9LIGgn8OMzuDoHfof8AQimSGfcSWxnS"), password: "\xd0\xc1\xd2\xcf\xcc\xd8"},
	{source: passlib + "bcrypt", format: "bcrypt", in: row("$2$05$......................XuQjdH.wPVNUZ/bOfstdW/FqB8QSjte"), password: "abc"},
	{source: hashcat + "25600", format: "bcrypt", spec: Spec{Prepare: steps(hashedMD5)}, password: "hashcat",
		in: row("$2a$05$/VT2Xs2dMd8GJKfrXhjYP.DkTjOVrY12yDN7/6I8ZV0q/1lEohLru")},
	{source: hashcat + "25800", format: "bcrypt", spec: Spec{Prepare: steps(Step{Do: "digest", Digest: "sha1"})}, password: "hashcat",
		in: row("$2a$05$Uo385Fa0g86uUXHwZxB90.qMMdRFExaXePGka4WGFv.86I45AEjmO")},
	{source: hashcat + "30600", format: "bcrypt", spec: Spec{Prepare: steps(Step{Do: "digest", Digest: "sha256"})}, password: "hashcat", slow: true,
		in: row("$2b$10$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu")},
	{source: hashcat + "28400", format: "bcrypt", spec: Spec{Prepare: steps(Step{Do: "digest", Digest: "sha512"})}, password: "hashcat", slow: true,
		in: row("$2a$12$KhivLhCuLhSyMBOxLxCyLu78x4z2X/EJdZNfS3Gy36fvRt56P2jbS")},
	{source: passlib + "bcrypt_sha256", format: "bcrypt-sha256-passlib", in: row("$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu"),
		password: "password"},
	{source: passlib + "bcrypt_sha256", format: "bcrypt-sha256-passlib", password: "password",
		in: row("$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS")},
	{source: "php-wasm, ADMIN_HASH in the script of its WordPress demo", format: "bcrypt-wordpress", password: "admin", slow: true,
		in: row("$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES")},
	{source: passlib + "django_bcrypt_sha256", format: "django-bcrypt-sha256", password: upassTable,
		in: row("bcrypt_sha256$$2a$06$kCXUnRFQptGg491siDKNTu8RxjBGSjALHRuvhPYNFsa4Ea5d9M48u")},
	{source: hashcat + "3200, in Django's form", format: "django-bcrypt", password: "hashcat",
		in: row("bcrypt$$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou")},
}

var pbkdf2Vectors = []vector{
	{source: passlib + "pbkdf2_sha1", format: "pbkdf2-passlib", in: row("$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI"), password: "password"},
	{source: passlib + "pbkdf2_sha256", format: "pbkdf2-passlib", password: upassWav,
		in: row("$pbkdf2-sha256$1212$3SABFJGDtyhrQMVt1uABPw$WyaUoqCLgvz97s523nF4iuOqZNbp5Nt8do/cuaa7AiI")},
	{source: passlib + "pbkdf2_sha512", format: "pbkdf2-passlib", password: "password",
		in: row("$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww")},
	{source: "RustCrypto password-hashes, pbkdf2/tests/simple.rs", format: "pbkdf2-phc", password: "password",
		in: row("$pbkdf2-sha256$i=4096,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o")},
	{source: passlib + "ldap_pbkdf2_sha1", format: "ldap-pbkdf2", in: row("{PBKDF2}1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI"), password: "password"},
	{source: passlib + "ldap_pbkdf2_sha256", format: "ldap-pbkdf2", password: "password",
		in: row("{PBKDF2-SHA256}1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ")},
	{source: passlib + "ldap_pbkdf2_sha512", format: "ldap-pbkdf2", password: "password",
		in: row("{PBKDF2-SHA512}1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww")},
	{source: passlib + "atlassian_pbkdf2_sha1, made by Jira", format: "atlassian-pkcs5s2", password: "admin",
		in: row("{PKCS5S2}c4xaeTQM0lUieMS3V5voiexyX9XhqC2dBd5ecVy60IPksHChwoTAVYFrhsgoq8/p")},
	{source: "github.com/thesubtlety/389-ds-password-check, README", format: "389ds-pbkdf2-sha256", password: "Password123", slow: true,
		in: row("{PBKDF2_SHA256}AAAnEGTxXtnR/oox922/jZyjH6fmiIdW4AwIYZE2LfCVL/SUz5GbAHfjRj4NbN2u8ul0/j/dUzJ4gQSawGALGHZV74nOAtPttoZDTsh7BeGCLD/Ps7vRugwDdz9u" +
			"PARXzF3bD/8qCpumvRGb4pehzfQsk+FnGgTwi0rUeVaN8a7Kbv8ZpRfU2sd+208F/YL42BWAh/2tv0I4vY7ZsrCZcrUJtgKWy5Nr+t78zmPkrZsX/kgfnGdXhr50kN10cmkLQ0/cZOXo9CAk" +
			"peZyFu+wQ5vQdUaES2Vd5kBjJYPCkr4b2ocr4ETQi3IGO2GGCoCetmMIETsudRVSxUNBbva+Vgxin5Apu4wIP/0ZyuGK6TuWLqLnNpmK3RkRx0xjqJ4nN2Ok0ul0XYBJcYIBt4UoaVM2uSa/" +
			"Etw28Uy+zAsUv2AOiRo5")},
	{source: passlib + "django_pbkdf2_sha1", format: "django-pbkdf2-sha1", in: row("pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I="),
		password: "not a password"},
	{source: hashcat + "10000", format: "django-pbkdf2-sha256", in: row("pbkdf2_sha256$20000$H0dPx8NeajVu$GiC4k5kqbbR9qWBlsRgDywNqC2vd9kqfk7zdorEnNas="),
		password: "hashcat"},
	{source: "RFC 6070 with SHA-256, as RustCrypto has it, in Werkzeug's form", format: "werkzeug-pbkdf2", password: "password",
		in: row("pbkdf2:sha256:4096$salt$c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")},
	{source: "dotnet/aspnetcore, PasswordHasherTest.cs", format: "aspnet-v2", password: "my password",
		in: row("AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==")},
	{source: "dotnet/aspnetcore, PasswordHasherTest.cs", format: "aspnet-v3", password: "my password", open: true,
		in: row("AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M")},
	{source: "dotnet/aspnetcore, PasswordHasherTest.cs", format: "aspnet-v3", password: "my password", open: true,
		in: row("AQAAAAIAACcQAAAAEAABAgMEBQYHCAkKCwwNDg9B0Oxwty+PGIDSp95gcCfzeDvA4sGapUIUov8usXfD6A==")},
	{source: hashcat + "10900", format: "pbkdf2-sha256", password: "hashcat", open: true, in: row("NjI3MDM3:vVfavLQL9ZWjg8BUMq6/FB8FtpkIGWYk"),
		spec: Spec{Format: "pbkdf2", Digest: "sha256", Encoding: "base64", Layout: layoutSaltHash, Separator: ":", Rounds: 1000, Salt: SaltSpec{Encoding: "base64"}}},
	{source: hashcat + "12000", format: "pbkdf2-sha1", password: "hashcat", open: true, in: Input{Encoded: "19ofiY+ahBXhvkDsp0j2ww==", Salt: "MzU4NTA4MzIzNzA1MDQ="},
		spec: Spec{Format: "pbkdf2", Digest: "sha1", Encoding: "base64", Rounds: 1000, Salt: SaltSpec{Encoding: "base64"}}},
	{source: "dev.to/oskarspakers, Import PBKDF2 hashed user passwords into Keycloak", format: "keycloak-pbkdf2-sha256", password: "admin", flip: 60,
		in: row(`{"credentialData": "{\"hashIterations\": 27500,\"algorithm\": \"pbkdf2-sha256\"}", "type": "password",` +
			`"secretData": "{\"salt\": \"x/bm4Y3DcuV9eU97ervkPA==\",\"value\": \"1u7BLvfSPxQFpwc5jpGSA+88EGl9pZYKhaZ8YPIu9N4=\"}", "createdDate": 1711111111111}`)},
	{source: "RFC 7914 section 11, in the form of a realm export", format: "keycloak-pbkdf2-sha256", password: "passwd", flip: 160,
		in: row(`{"type":"password","secretData":{"value":"` + rebased("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783") +
			`","salt":"c2FsdA=="},"credentialData":{"hashIterations":1,"algorithm":"pbkdf2-sha256","additionalParameters":{}}}`)},
	{source: passlib + "pbkdf2_sha512, in the form of Keycloak before 8", format: "keycloak-pbkdf2-sha512", password: "password", flip: 20,
		in: row(`{"algorithm":"pbkdf2-sha512","hashIterations":1212,"salt":"RHY0Fr3IDMSVO/RSZyb5ow==",` +
			`"hashedSaltedValue":"eNLfBK+eVozomMr+1gYa17k9B7KIK25NOEshvhrSX+esqY3s+FvWZViXz4KoLlQI+BzY/YTNJOiKc5gBYFYGww=="}`)},
	{source: "phc-winner-argon2, src/test.c, in Keycloak's form", format: "keycloak-argon2", password: "password", flip: 240,
		in: row(`{"type":"password","secretData":"{\"value\":\"nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=\",\"salt\":\"c29tZXNhbHQ=\",\"additionalParameters\":{}}",` +
			`"credentialData":"{\"hashIterations\":2,\"algorithm\":\"argon2\",\"additionalParameters\":{\"hashLength\":[\"32\"],\"memory\":[\"256\"],\"type\":[\"id\"],` +
			`\"version\":[\"1.3\"],\"parallelism\":[\"1\"]}}"}`)},
}

var frameworkVectors = []vector{
	{source: "django, tests/auth_tests/test_hashers.py", format: "django-scrypt", password: letmein, slow: true,
		in: row("scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==")},
	{source: "django, tests/auth_tests/test_hashers.py", format: "django-sha1", password: letmein, spec: Spec{Format: "django"},
		in: row("sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8")},
	{source: "django, tests/auth_tests/test_hashers.py", format: "django-md5", password: letmein, spec: Spec{Format: "django"},
		in: row("md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3")},
	{source: hashcat + "124", format: "django-sha1", password: "hashcat", spec: Spec{Format: "django"},
		in: row("sha1$fe76b$02d5916550edf7fc8c886f044887f4b1abf9b013")},
	{source: "github.com/Isa-alt2000/Pagina-con-login, verify.py", format: "werkzeug-scrypt", password: "admin123", slow: true,
		in: row("scrypt:32768:8:1$oynSHz2gY1bRe8Vp$1b1514779917c29c9f1b139e8ab507312c0915f126018acba75afe26b5e23264c2dbc78f3c20823bc2e9cdac9dab1fe53d2dbdc8353a66e2d85f07b621c92f1d")},
	{source: hashcat + "60, in Werkzeug's form", format: "werkzeug-md5", password: "hashcat", spec: Spec{Format: "werkzeug"},
		in: row("md5$84143$7f51edecfa6fb401a0b5e63d33fc8c0e")},
	{source: "github.com/firebase/scrypt, README", format: "firebase-scrypt", password: "user1password", slow: true,
		spec: Spec{Format: "firebase-scrypt", Firebase: Firebase{SaltSeparator: "Bw==", Rounds: 8, MemoryCost: 14,
			SignerKey: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="}},
		in: Input{Encoded: "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", Salt: "42xEC+ixf3L2lw=="}},
	{source: passlib + "phpass", format: "phpass", in: row("$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"), password: "test12345"},
	{source: passlib + "phpass", format: "phpass", in: row("$H$712345678WhEyvy1YWzT4647jzeOmo0"), password: "JohnRipper"},
	{source: hashcat + "400", format: "phpass", in: row("$P$946647711V1klyitUYhtB8Yw5DMA/w."), password: "hashcat"},
	{source: hashcat + "7900", format: "drupal7", in: row("$S$C20340258nzjDWpoQthrdNTR02f0pmev0K/5/Nx80WSkOQcPEQRh"), password: "hashcat"},
}

var databaseVectors = []vector{
	{source: passlib + "mssql2000", format: "mssql-2000", password: "Test", flip: 44, open: true,
		in: row("0x010034767D5C0CFA5FDCA28C4A56085E65E882E71CB0ED2503412FD54D6119FFF04129A1D72E7C3194F7284A7F3A")},
	{source: passlib + "mssql2005", format: "mssql-2005", in: row("0x010083104228FAD559BE52477F2131E538BE9734E5C4B0ADEFD7"), password: upassTable},
	{source: hashcat + "132", format: "mssql-2005", in: row("0x010045083578bf13a6e30ca29c40e540813772754d54a5ffd325"), password: "hashcat"},
	{source: hashcat + "1731", format: "mssql-2012", password: "hashcat",
		in: row("0x02003788006711b2e74e7d8cb4be96b1d187c962c5591a02d5a6ae81b3a4a094b26b7877958b26733e45016d929a756ed30d0a5ee65d3ce1970f9b7bf946e705c595f07625b1")},
	{source: passlib + "oracle11", format: "oracle-11g", in: row("S:5FDAB69F543563582BA57894FE1C1361FB8ED57B903603F2C52ED1B4D642"), password: "abc123"},
	{source: passlib + "oracle11", format: "oracle-11g", in: row("S:51586343E429A6DF024B8F242F2E9F8507B1096FACD422E29142AA4974B0"), password: upassTable},
	{source: hashcat + "112, in Oracle's form", format: "oracle-11g", in: row("S:63ec5f6113843f5d229e2d49c068d983a9670d0257677783202322766743"), password: "hashcat"},
	{source: hashcat + "12300", format: "oracle-12c", password: "hashcat",
		in: row("T:78281A9C0CF626BD05EFC4F41B515B61D6C4D95A250CD4A605CA0EF97168D670EBCB5673B6F5A2FB9CC4E0C0101E659C0C4E3B9B3BEDA846CD15508E88685A2334141655046766111066420254008225")},
	{source: hashcat + "12300 beside a part S: of another password", format: "oracle-12c", password: "hashcat",
		in: row("S:5FDAB69F543563582BA57894FE1C1361FB8ED57B903603F2C52ED1B4D642;" +
			"T:78281A9C0CF626BD05EFC4F41B515B61D6C4D95A250CD4A605CA0EF97168D670EBCB5673B6F5A2FB9CC4E0C0101E659C0C4E3B9B3BEDA846CD15508E88685A2334141655046766111066420254008225"), open: true},
	{source: passlib + "mysql41", format: "mysql-native", in: row("*2C905879F74F28F8570989947D06A8429FB943E6"), password: "verysecretpassword"},
	{source: hashcat + "300, in MySQL's form", format: "mysql-native", in: row("*fcf7c1b8749cf99d88e5f34271d636178fb5d130"), password: "hashcat"},
	{source: hashcat + "7401", format: "mysql-caching-sha2", password: "hashcat",
		in: row("$mysql$A$005*F9CC98CE08892924F50A213B6BC571A2C11778C5*625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F")},
	{source: hashcat + "7401, as the table has it", format: "mysql-caching-sha2", password: "hashcat",
		in: row("$A$005$\xF9\xCC\x98\xCE\x08\x89\x29\x24\xF5\x0A\x21\x3B\x6B\xC5\x71\xA2\xC1\x17\x78\xC5bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/")},
	{source: passlib + "postgres_md5, made by PostgreSQL 8.1", format: "postgresql-md5", password: "mypass",
		in: Input{Encoded: "md55fba2ea04fd36069d2574ea71c8efe9d", User: "postgres"}},
	{source: hashcat + "28600", format: "scram-sha-256", password: "hashcat", flip: 60,
		in: row("SCRAM-SHA-256$4096:IKfxzJ8Nq4PkLJCfgKcPmA==$iRw3qwTp18uaBnsTOEExbtgWdKeBMbSSnZvqD4sdqLQ=:hPciC1CcnBna3szR8Mf3MVc8t0W7QPbIHoMMrh4zRV0=")},
}

var ldapVectors = []vector{
	{source: passlib + "ldap_md5", format: "ldap-md5", in: row("{MD5}/F4DjTilcDIIVEHn/nAQsA=="), password: "helloworld"},
	{source: passlib + "ldap_salted_md5", format: "ldap-smd5", in: row("{SMD5}UjFY34os/pnZQ3oQOzjqGu4yeXE="), password: "testing1234", open: true},
	{source: hashcat + "101", format: "ldap-sha", in: row("{SHA}uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s="), password: "hashcat"},
	{source: hashcat + "111", format: "ldap-ssha", in: row("{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw=="), password: "hashcat", open: true},
	{source: hashcat + "1411", format: "ldap-ssha256", in: row("{SSHA256}L5Wk0zPY2lmoR5pH20zngq37KkxFwgTquEhx95rxfVk3Ng=="), password: "hashcat", open: true},
	{source: hashcat + "1711", format: "ldap-ssha512", password: "hashcat", open: true,
		in: row("{SSHA512}Bz8w5q6qEtB1Nnc8b1jfTvTXVTwohWag33oghQGOtLChnkZTw/cuJaHQlLJEI3AWKZGCRyLA6Phujdxo+is7AjA2MDcyNjY1Mg==")},
	{source: "openssl_slappasswd.sh, its test script", format: "ldap-ssha384", password: "openssl_slappasswd.sh", open: true,
		in: row("{SSHA384}/0PuiFKwMu6qDH65znVfwmheUB0z9z+pd+MvjTD9kSXKIzoU2tck5d1Eo0dim6Vs8Fdnaq6TlXg=")},
	{source: hashcat + "10800", format: "ldap-sha384", password: "hashcat",
		in: row("{SHA384}" + rebased("07371af1ca1fca7c6941d2399f3610f1e392c56c6d73fddffe38f18c430a2817028dae1ef09ac683b62148a2c8757f42"))},
	{source: hashcat + "1300", format: "ldap-sha224", in: row("{SHA224}" + rebased("e4fa1555ad877bf0ec455483371867200eee89550a93eff2f95a6198")), password: "hashcat"},
	{source: hashcat + "1400", format: "ldap-sha256", in: row("{sha256}" + rebased("127e6fbfe24a750e72930c220a8e138275656b8e5d8f48a98c3c92df2caba935")), password: "hashcat"},
	{source: "OpenLDAP, contrib/slapd-modules/passwd/sha2/README", format: "ldap-sha256", in: row("{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="),
		password: "secret"},
	{source: hashcat + "1700", format: "ldap-sha512", password: "hashcat",
		in: row("{SHA512}" + rebased("82a9dda829eb7f8ffe9fbe49e45d47d2dad9664fbb7adf72492e3c81ebd3e29134d9bc12212bf83c6840f10e8246b9db54a4859b7ccd0123d86e5872c1e5082f"))},
	{source: passlib + "ldap_md5_crypt", format: "crypt-md5", in: row("{CRYPT}$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6o."), password: ""},
	{source: hashcat + "3200, in OpenLDAP's form", format: "bcrypt", in: row("{BCRYPT}$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou"), password: "hashcat"},
}

var expressionVectors = []vector{
	{source: hashcat + "0", format: "digest-md5", spec: Spec{Format: "digest", Digest: "md5"}, in: row("8743b52063cd84097a65d1633f5c74f5"), password: "hashcat"},
	{source: hashcat + "10", format: "digest-md5", spec: digestSpec("md5", "after"), in: row("3d83c8e717ff0e7ecfe187f088d69954:343141"), password: "hashcat", open: true},
	{source: hashcat + "20", format: "digest-md5", spec: digestSpec("md5", "before"), in: row("57ab8499d08c59a7211c77f557bf9425:4247"), password: "hashcat", open: true},
	{source: hashcat + "3800", format: "digest-md5", spec: digestSpec("md5", "both"), in: row("78274b1105fb8a7c415b43ffe35ec4a9:6"), password: "hashcat", open: true},
	{source: hashcat + "4900", format: "digest-sha1", spec: digestSpec("sha1", "both"), in: row("75d280ca9a0c2ee18729603104ead576d9ca6285:347070"), password: "hashcat", open: true},
	{source: hashcat + "110", format: "digest-sha1", spec: digestSpec("sha1", "after"), in: row("848952984db93bdd2d0151d4ecca6ea44fcf49e3:30007548152"),
		password: "hashcat", open: true},
	{source: hashcat + "1420", format: "digest-sha256", spec: digestSpec("sha256", "before"), password: "hashcat", open: true,
		in: row("816d1ded1d621873595048912ea3405d9d42afd3b57665d9f5a2db4d89720854:36176620")},
	{source: hashcat + "1710", format: "digest-sha512", spec: digestSpec("sha512", "after"), password: "hashcat", open: true,
		in: row("3f749c84d00c6f94a6651b5c195c71dacae08f3cea6fed760232856cef701f7bf60d7f38a587f69f159d4e4cbe00435aeb9c8c0a4927b252d76a744e16e87e91:388026522082")},
	{source: hashcat + "10810", format: "digest-sha384", spec: digestSpec("sha384", "after"), password: "hashcat", open: true,
		in: row("ca1c843a7a336234baf9db2e10bc38824ce523402fbd7741286b1602bdf6cb869a45289bb9fb706bd404b9f3842ff729:2746460797049820734631508")},
	{source: hashcat + "1300", format: "digest-sha224", spec: Spec{Format: "digest", Digest: "sha224"}, password: "hashcat",
		in: row("e4fa1555ad877bf0ec455483371867200eee89550a93eff2f95a6198")},
	{source: hashcat + "1421, hMailServer", format: "digest-sha256", spec: Spec{Format: "digest", Digest: "sha256", Layout: layoutSaltHash, Separator: ":",
		Salt: SaltSpec{Position: "before"}}, in: row("8fe7ca:27a17adc337cd892b1d959b4e487b8f0ef09e32214f44fb1b07e461c532e9ec3"), password: "hashcat", open: true},
	{source: hashcat + "111, packed", format: "digest-sha1", spec: Spec{Format: "digest", Digest: "sha1", Encoding: "base64", Layout: layoutPackedTail,
		Salt: SaltSpec{Position: "after"}}, in: row("FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw=="), password: "hashcat", open: true},
	{source: hashcat + "122, macOS 10.6", format: "digest-sha1", spec: Spec{Format: "digest", Digest: "sha1", Layout: layoutPackedHead,
		Salt: SaltSpec{Position: "before"}}, in: row("86586886b8bd3c379d2e176243a7225e6aae969d293fe9a9"), password: "hashcat", open: true},
	{source: hashcat + "133, PeopleSoft", format: "digest-sha1", spec: Spec{Format: "digest", Digest: "sha1", Encoding: "base64", Prepare: steps(wide)},
		in: row("uXmFVrdBvv293L9kDR3VnRmx4ZM="), password: "hashcat"},
	{source: hashcat + "130", format: "digest-sha1", spec: digestSpec("sha1", "after", wide), in: row("0a9e4591f539a77cd3af67bae207d250bc86bac6:23240710432"),
		password: "hashcat", open: true},
	{source: hashcat + "1440", format: "digest-sha256", spec: digestSpec("sha256", "before", wide), password: "hashcat", open: true,
		in: row("84ebe1bc3d59919a8c4f9337d66bd163661586c828b24b8067a27a6dc4228c64:05662")},
	{source: hashcat + "2600", format: "digest-md5", spec: Spec{Format: "digest", Digest: "md5", Prepare: steps(hashedMD5)},
		in: row("a936af92b0ae20b1ff6c3347a72e5fbe"), password: "hashcat"},
	{source: hashcat + "4300", format: "digest-md5", spec: Spec{Format: "digest", Digest: "md5", Prepare: steps(Step{Do: "digest", Digest: "md5", Encoding: "HEX"})},
		in: row("b8c385461bb9f9d733d3af832cf60b27"), password: "hashcat"},
	{source: hashcat + "4400", format: "digest-md5", spec: Spec{Format: "digest", Digest: "md5", Prepare: steps(Step{Do: "digest", Digest: "sha1"})},
		in: row("288496df99b33f8f75a7ce4837d1b480"), password: "hashcat"},
	{source: hashcat + "300", format: "digest-sha1", spec: Spec{Format: "digest", Digest: "sha1", Rounds: 2}, in: row("fcf7c1b8749cf99d88e5f34271d636178fb5d130"),
		password: "hashcat"},
	{source: hashcat + "2611, vBulletin", format: "digest-md5", spec: digestSpec("md5", "after", hashedMD5), in: row("28f9975808ae2bdc5847b1cda26033ea:308"),
		password: "hashcat", open: true},
	{source: hashcat + "3710", format: "digest-md5", spec: digestSpec("md5", "before", hashedMD5), in: row("a3aa0ae2b4a102a9974cdf40edeabee0:242812778074"),
		password: "hashcat", open: true},
	{source: hashcat + "50", format: "hmac-md5", spec: hmacSpec("md5", "password"), in: row("e28e4e37e972a945e464b5226053bac0:40"), password: "hashcat", open: true},
	{source: hashcat + "60", format: "hmac-md5", spec: hmacSpec("md5", "salt"), in: row("7f51edecfa6fb401a0b5e63d33fc8c0e:84143"), password: "hashcat", open: true},
	{source: hashcat + "160", format: "hmac-sha1", spec: hmacSpec("sha1", "salt"), in: row("8d7cb4d4a27a438059bb83a34d1e6cc439669168:2134817"),
		password: "hashcat", open: true},
	{source: hashcat + "1450", format: "hmac-sha256", spec: hmacSpec("sha256", "password"), password: "hashcat", open: true,
		in: row("b435ffbacea34d5eb0dbc4d69a92f0152f2cf4cd364d34c2ece322ca22d8b334:21217")},
	{source: hashcat + "1760", format: "hmac-sha512", spec: hmacSpec("sha512", "salt"), password: "hashcat", open: true,
		in: row("7d02921299935179d509e6dd4f3d0f2944e3451ea9de3af16baead6a7297e5653577d2473a0fff743d9fe78a89bd49296114319989dc7e7870fc7f62bc96accb:114")},
	{source: "RFC 4231 test case 2", format: "hmac-sha384", password: "what do ya want for nothing?",
		spec: Spec{Format: "hmac", Digest: "sha384", Key: "secret", Secret: "Jefe"},
		in:   row("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649")},
}

func allVectors() []vector {
	var all []vector
	for _, v := range [][]vector{cryptVectors, bcryptVectors, pbkdf2Vectors, frameworkVectors, databaseVectors, ldapVectors, expressionVectors} {
		all = append(all, v...)
	}
	return all
}
