package sdk

import pb "github.com/varco-id/varco/plugins/sdk/varcopb"

func (e *encoder) description(d *Description) *pb.Description {
	if d == nil {
		e.fail("Describe must answer with a description or an error")
		return nil
	}
	m := &pb.Description{
		Name: d.Name, Version: d.Version, CredentialType: d.CredentialType, ConfigSchema: d.ConfigSchema,
		Services:    list(d.Services, func(s Service) pb.Service { return enumService.encode(e, s) }),
		Methods:     list(d.Methods, e.method),
		StepTimeout: encodeDuration(d.StepTimeout), StateVersion: d.StateVersion, ChannelKinds: d.ChannelKinds,
		InstanceKeys: list(d.InstanceKeys, func(k InstanceKey) *pb.InstanceKey {
			return &pb.InstanceKey{Name: k.Name, Kind: k.Kind}
		}),
		Routes: list(d.Routes, func(r Route) *pb.Route {
			return &pb.Route{Name: r.Name, Method: r.Method, Path: r.Path, HandleIn: r.HandleIn, Dpop: r.DPoP, Headers: r.Headers}
		}),
	}
	if len(d.Texts) > 0 {
		m.Texts = make(map[string]*pb.Catalogue, len(d.Texts))
		for locale, texts := range d.Texts {
			m.Texts[locale] = &pb.Catalogue{Texts: texts}
		}
	}
	return m
}

func decodeDescription(m *pb.Description) *Description {
	d := &Description{
		Name: m.GetName(), Version: m.GetVersion(), CredentialType: m.GetCredentialType(), ConfigSchema: m.GetConfigSchema(),
		Services:    list(m.GetServices(), enumService.decode),
		Methods:     list(m.GetMethods(), decodeMethod),
		StepTimeout: m.GetStepTimeout().AsDuration(), StateVersion: m.GetStateVersion(), ChannelKinds: m.GetChannelKinds(),
		InstanceKeys: list(m.GetInstanceKeys(), func(k *pb.InstanceKey) InstanceKey {
			return InstanceKey{Name: k.GetName(), Kind: k.GetKind()}
		}),
		Routes: list(m.GetRoutes(), func(r *pb.Route) Route {
			return Route{Name: r.GetName(), Method: r.GetMethod(), Path: r.GetPath(), HandleIn: r.GetHandleIn(),
				DPoP: r.GetDpop(), Headers: r.GetHeaders()}
		}),
	}
	if len(m.GetTexts()) > 0 {
		d.Texts = make(map[string]map[string]string, len(m.GetTexts()))
		for locale, c := range m.GetTexts() {
			d.Texts[locale] = c.GetTexts()
		}
	}
	return d
}

func (e *encoder) method(m Method) *pb.Method {
	return &pb.Method{Id: m.ID, Title: m.Title, Amr: m.AMR, Opening: e.view(m.Opening),
		Factors:           list(m.Factors, func(f Factor) pb.Factor { return enumFactor.encode(e, f) }),
		IdentifiesSubject: m.IdentifiesSubject, CanEnrol: m.CanEnrol,
		MaxCredentials: e.count("max_credentials", m.MaxCredentials)}
}

func decodeMethod(m *pb.Method) Method {
	return Method{ID: m.GetId(), Title: m.GetTitle(), AMR: m.GetAmr(), Opening: decodeView(m.GetOpening()),
		Factors:           list(m.GetFactors(), enumFactor.decode),
		IdentifiesSubject: m.GetIdentifiesSubject(), CanEnrol: m.GetCanEnrol(), MaxCredentials: int(m.GetMaxCredentials())}
}

func encodeConfiguration(c Configuration) *pb.Configuration {
	return &pb.Configuration{InstanceId: c.InstanceID, Revision: c.Revision, Json: c.JSON, Keys: c.Keys}
}

func decodeConfiguration(m *pb.Configuration) Configuration {
	return Configuration{InstanceID: m.GetInstanceId(), Revision: m.GetRevision(), JSON: m.GetJson(), Keys: m.GetKeys()}
}

func encodeProblem(p Problem) *pb.Problem { return &pb.Problem{Pointer: p.Pointer, Message: p.Message} }

func decodeProblem(p *pb.Problem) Problem {
	return Problem{Pointer: p.GetPointer(), Message: p.GetMessage()}
}
