package sdk

import "time"

// The limits of contract v1. The host refuses what is above; the size of a view is that of its JSON form.
const (
	MaxState      = 16 << 10 // bytes of StepResponse.State
	MaxCredential = 16 << 10 // bytes of a credential's Data
	MaxView       = 64 << 10 // bytes of a view
	MaxImage      = 48 << 10 // bytes of Image.PNG
	MaxQR         = 1000     // bytes of QR.Content
	MaxEvidence   = 16 << 10 // bytes of Success.Evidence
	MaxHandle     = 2 << 10  // bytes of a credential's Handle
	MaxLabel      = 256      // bytes of a credential's Label
	MaxChanges    = 64       // credential changes of one step
	MaxEffects    = 16       // effects of one step
	MaxMessage    = 1 << 20  // bytes of one message on the wire, either way

	DefaultStepTimeout = 3 * time.Second
	MaxStepTimeout     = 10 * time.Second
)
