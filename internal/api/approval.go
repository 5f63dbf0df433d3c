package api

import (
	"context"
	"time"

	"tidings/internal/control"
)

// Approval is what an AI assistant asked for and a person decides on.
type Approval struct {
	Code           string    `json:"code" doc:"What it is known by, to the assistant too" example:"K7QD93XM"`
	State          string    `json:"state" enum:"waits,approved,refused" doc:"approved: the assistant did not do it yet"`
	Operation      string    `json:"operation" doc:"What would be done: the tool's name" example:"remove_suppression"`
	ContactID      string    `json:"contactId"`
	Email          string    `json:"email,omitempty" doc:"The contact's address; absent: the contact is gone" example:"ghost@acme.test"`
	Would          string    `json:"would" doc:"What would be done, for people" example:"lift all suppressions of ghost@acme.test (con_2), so that it is mailed again"`
	Lifts          []string  `json:"lifts" nullable:"false" doc:"The reasons of the suppressions that would end; empty: none holds any more, or the act lifts none" example:"[\"hard_bounce\"]"`
	KeyID          string    `json:"keyId" doc:"The assistant's key" example:"key_01jq7z9f3v8k2m5n"`
	KeyName        string    `json:"keyName" doc:"What that key is for" example:"assistant"`
	AskedAt        time.Time `json:"askedAt"`
	ExpiresAt      time.Time `json:"expiresAt"`
	ApprovedBy     string    `json:"approvedBy,omitempty" doc:"Who decided: a key's or person's id, or cli; absent: nobody yet" example:"per_01jq7z9f3v8k2m5n"`
	ApprovedByName string    `json:"approvedByName,omitempty" doc:"The person's name; absent: it was no person" example:"lea"`
	Note           string    `json:"note,omitempty" doc:"What they wrote" example:"the customer wrote that the mailbox works again"`
}

// ApprovalOf makes the public form of what an assistant asked for.
func ApprovalOf(a *control.Approval) Approval {
	out := Approval{
		Code: a.Code, State: "waits", Operation: a.Operation, ContactID: a.Subject, Would: a.Would,
		Lifts: make([]string, len(a.Lifts)),
		KeyID: a.By, KeyName: a.ByName, AskedAt: a.AskedAt, ExpiresAt: a.ExpiresAt,
		ApprovedBy: a.ApprovedBy, ApprovedByName: a.ApprovedByName, Note: a.Note,
	}
	switch {
	case a.Refused:
		out.State = "refused"
	case a.ApprovedBy != "":
		out.State = "approved"
	}
	if a.Contact != nil {
		out.Email = a.Contact.Address
	}
	for i, r := range a.Lifts {
		out.Lifts[i] = string(r)
	}
	return out
}

// ApprovalList is what assistants asked for.
type ApprovalList struct {
	Approvals []Approval `json:"approvals" nullable:"false"`
}

// ApprovalListOf makes the public form of a list.
func ApprovalListOf(list []control.Approval) ApprovalList {
	out := ApprovalList{Approvals: make([]Approval, len(list))}
	for i := range list {
		out.Approvals[i] = ApprovalOf(&list[i])
	}
	return out
}

type approvalsOut struct{ Body ApprovalList }

func (a *api) listApprovals(ctx context.Context, _ *struct{}) (*approvalsOut, error) {
	list, err := a.Control.Approvals(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &approvalsOut{ApprovalListOf(list)}, nil
}

// ApprovalNote says why something is approved.
type ApprovalNote struct {
	Note string `json:"note" minLength:"1" maxLength:"1000" doc:"Why, for later readers" example:"the customer wrote that the mailbox works again"`
}

// RefusalNote says why something is refused.
type RefusalNote struct {
	Note string `json:"note,omitempty" maxLength:"1000" doc:"Why, for later readers" example:"nobody asked for it"`
}

type approveIn struct {
	Code string `path:"code" doc:"The code" example:"K7QD93XM"`
	Body ApprovalNote
}

type refuseIn struct {
	Code string `path:"code" doc:"The code" example:"K7QD93XM"`
	Body *RefusalNote
}

type approvalOut struct{ Body Approval }

func approvalBody(x *control.Approval, err error) (*approvalOut, error) {
	if err != nil {
		return nil, err
	}
	return &approvalOut{ApprovalOf(x)}, nil
}

func (a *api) approveAct(ctx context.Context, in *approveIn) (*approvalOut, error) {
	x, err := a.Control.Approve(ctx, who(ctx), in.Code, in.Body.Note)
	return approvalBody(&x, err)
}

func (a *api) refuseAct(ctx context.Context, in *refuseIn) (*approvalOut, error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Note
	}
	x, err := a.Control.RefuseAct(ctx, who(ctx), in.Code, note)
	return approvalBody(&x, err)
}
