package provider

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// Operations on relying parties.
var (
	ClientAdd          = operation("client.add", (*Admin).clientAdd)
	ClientList         = operation("client.list", (*Admin).clientList)
	ClientShow         = operation("client.show", (*Admin).clientShow)
	ClientRotateSecret = operation("client.rotate_secret", (*Admin).clientRotateSecret)
	ClientRemove       = operation("client.remove", (*Admin).clientRemove)
	ClientApply        = operation("client.apply", (*Admin).clientApply)
)

// ClientInfo is a registered relying party as an operator sees it.
type ClientInfo struct {
	RelyingParty
	Declared       bool      `json:"declared"`                  // by the configuration or `client apply`
	OldSecretUntil time.Time `json:"old_secret_until,omitzero"` // a rotation is under way until then
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// ClientSecret is a registration with the secret that was made for it. Nobody can read the secret again.
type ClientSecret struct {
	Client ClientInfo `json:"client"`
	Secret string     `json:"client_secret,omitempty"`
}

// SecretRotation asks for a new secret; the old one stays good for the overlap.
type SecretRotation struct {
	ID      string   `json:"id"`
	Overlap Duration `json:"overlap"`
}

// ClientsDeclared asks for these registrations to be as written.
type ClientsDeclared struct {
	Clients []RelyingParty `json:"clients"`
	Prune   bool           `json:"prune"` // remove those declared before and absent now
}

// ClientsApplied is what an apply did, by client id.
type ClientsApplied struct {
	Added     []string          `json:"added"`
	Changed   []string          `json:"changed"`
	Removed   []string          `json:"removed"`
	Unchanged []string          `json:"unchanged"`
	Secrets   map[string]string `json:"secrets,omitempty"` // those made; nobody can read them again
}

func clientInfo(c relyingparty.Client) ClientInfo {
	return ClientInfo{RelyingParty: c.Settings, Declared: c.Declared, OldSecretUntil: c.OldSecretUntil, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
}

// clientError says in words what an operator can do about err.
func clientError(err error, id string) error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return fault.New(fault.NotFound, "there is no relying party "+id+": `varco client list` shows those there are")
	case fault.Conflict:
		return fault.New(fault.Conflict, "relying party "+id+" exists already, or somebody else changed it a moment ago: look at it with `varco client show "+id+"`")
	}
	return err
}

func (a *Admin) clientAdd(ctx context.Context, in RelyingParty) (ClientSecret, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return ClientSecret{}, err
	}
	added, err := d.clients.Add(ctx, actorOf(ctx), in)
	if err != nil {
		return ClientSecret{}, clientError(err, in.ClientID)
	}
	return ClientSecret{clientInfo(added.Client), added.Secret}, nil
}

func (a *Admin) clientList(ctx context.Context, _ None) ([]ClientInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.clients.List(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]ClientInfo, len(list))
	for i := range list {
		infos[i] = clientInfo(list[i])
	}
	return infos, nil
}

func (a *Admin) clientShow(ctx context.Context, in ByID) (ClientInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return ClientInfo{}, err
	}
	c, err := d.clients.Store.Client(ctx, d.clients.DB, in.ID)
	if err != nil {
		return ClientInfo{}, clientError(err, in.ID)
	}
	return clientInfo(*c), nil
}

func (a *Admin) clientRotateSecret(ctx context.Context, in SecretRotation) (ClientSecret, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return ClientSecret{}, err
	}
	rotated, err := d.clients.RotateSecret(ctx, actorOf(ctx), in.ID, time.Duration(in.Overlap))
	if err != nil {
		return ClientSecret{}, clientError(err, in.ID)
	}
	return ClientSecret{clientInfo(rotated.Client), rotated.Secret}, nil
}

func (a *Admin) clientRemove(ctx context.Context, in ByID) (None, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return None{}, err
	}
	if err := d.clients.Remove(ctx, actorOf(ctx), in.ID); err != nil {
		return None{}, clientError(err, in.ID)
	}
	return None{}, nil
}

func (a *Admin) clientApply(ctx context.Context, in ClientsDeclared) (ClientsApplied, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return ClientsApplied{}, err
	}
	done, err := d.clients.Apply(ctx, actorOf(ctx), in.Clients, in.Prune)
	if err != nil {
		return ClientsApplied{}, err
	}
	return ClientsApplied(*done), nil
}
