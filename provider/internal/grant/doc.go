// Package grant owns what a relying party holds after a login: the grant behind its access and refresh tokens. A
// grant is one row; refresh tokens are derived from it (sealing.PurposeRefresh, grant id and generation) and never
// stored, access tokens name it. It does not own how tokens look on the wire (op).
package grant
