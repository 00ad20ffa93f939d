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
	MaxSignal     = 16 << 10 // bytes of what a callback leaves for a pending flow
	MaxReceipts   = 64       // receipts of one callback
	MaxPending    = 16       // pending flows handed to one callback
	MaxBody       = 64 << 10 // bytes of the answer to a callback
	MaxReasons    = 16       // reasons of a risk assessment
	MaxReason     = 256      // bytes of one of them, and of any other reason for the operator
	MaxAttributes = 64       // attributes of a person that a plugin may tell of
	MaxMessage    = 1 << 20  // bytes of one message on the wire, either way

	DefaultStepTimeout = 3 * time.Second
	MaxStepTimeout     = 10 * time.Second
)
