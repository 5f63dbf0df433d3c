package api

import (
	"context"
	"encoding/hex"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/provider"
)

// Receipt is one request from a source.
type Receipt struct {
	ID         string             `json:"id" example:"rcp_1c"`
	SourceID   string             `json:"sourceId" example:"src_01jq7z9f3v8k2m5n"`
	Provider   string             `json:"provider" example:"ses"`
	Kind       string             `json:"kind" doc:"What the request was" example:"notification"`
	ReceivedAt time.Time          `json:"receivedAt" doc:"When it came for the first time"`
	Count      int64              `json:"count" doc:"How often it came"`
	SHA256     string             `json:"sha256" doc:"Of the body as it came, in hexadecimal"`
	Size       int                `json:"size" doc:"Bytes of the kept body"`
	Problems   []provider.Problem `json:"problems" nullable:"false" doc:"What could not be made an event"`
}

// ReceiptOf makes the public form of a receipt.
func ReceiptOf(r *store.Receipt) Receipt {
	return Receipt{
		ID: r.ID, SourceID: r.SourceID, Provider: r.Provider, Kind: r.Kind, ReceivedAt: r.ReceivedAt,
		Count: r.Count, SHA256: hex.EncodeToString(r.SHA256[:]), Size: r.Size, Problems: r.Problems,
	}
}

// ReceiptPage is one page of receipts.
type ReceiptPage struct {
	Receipts []Receipt `json:"receipts" nullable:"false" doc:"Newest first"`
	Page
}

type listReceiptsIn struct {
	Source  string `query:"source" doc:"The source it came to" example:"src_01jq7z9f3v8k2m5n"`
	Problem string `query:"problem" doc:"The code of a problem it has, or any" example:"any"`
	Kind    string `query:"kind" doc:"What the request was" example:"notification"`
	Span
	Paging
}

type receiptPageOut struct{ Body ReceiptPage }

func (a *api) listReceipts(ctx context.Context, in *listReceiptsIn) (*receiptPageOut, error) {
	page, err := a.Control.ListReceipts(ctx, who(ctx), control.ReceiptFilter{
		Source: in.Source, Problem: in.Problem, Kind: in.Kind, From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &receiptPageOut{ReceiptPageOf(page)}, nil
}

// ReceiptPageOf makes the public form of a page.
func ReceiptPageOf(p control.ReceiptPage) ReceiptPage {
	out := ReceiptPage{Receipts: make([]Receipt, len(p.Receipts)), Page: pageOf(p.NextCursor)}
	for i := range p.Receipts {
		out.Receipts[i] = ReceiptOf(&p.Receipts[i])
	}
	return out
}

type receiptIn struct {
	ID string `path:"id" doc:"The receipt's id" example:"rcp_1c"`
}

type receiptOut struct{ Body Receipt }

func (a *api) getReceipt(ctx context.Context, in *receiptIn) (*receiptOut, error) {
	r, err := a.Control.Receipt(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &receiptOut{ReceiptOf(&r)}, nil
}

func (a *api) getReceiptRaw(ctx context.Context, in *receiptIn) (*rawOut, error) {
	b, err := a.Control.ReceiptRaw(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return rawOf(b), nil
}
