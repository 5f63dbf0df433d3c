package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Brand is how the pages look that contacts see.
type Brand struct {
	Name      string    `json:"name" doc:"Of whoever sends; empty: none" example:"Acme"`
	Color     string    `json:"color" doc:"Of what is pressed, #rrggbb; empty: ours" example:"#1f4fd8"`
	LogoURL   string    `json:"logoUrl" doc:"Where its logo is, which browsers load from there; empty: none" example:"https://acme.test/logo.png"`
	UpdatedAt time.Time `json:"updatedAt,omitzero" doc:"When it was last changed; absent: never"`
}

// BrandOf makes the public form of a brand.
func BrandOf(b store.Brand) Brand { return Brand(b) }

type brandOut struct{ Body Brand }

func (a *api) getBrand(ctx context.Context, _ *nothingIn) (*brandOut, error) {
	b, err := a.Control.Brand(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &brandOut{BrandOf(b)}, nil
}

// BrandChange is what changes of a brand.
type BrandChange struct {
	Name    *string `json:"name,omitempty" maxLength:"100" doc:"Of whoever sends; empty takes it away" example:"Acme"`
	Color   *string `json:"color,omitempty" maxLength:"20" doc:"Of what is pressed, #rrggbb; empty: ours" example:"#1f4fd8"`
	LogoURL *string `json:"logoUrl,omitempty" maxLength:"1000" doc:"Where its logo is, by https; empty takes it away" example:"https://acme.test/logo.png"`
}

type updateBrandIn struct{ Body BrandChange }

func (a *api) updateBrand(ctx context.Context, in *updateBrandIn) (*brandOut, error) {
	b, err := a.Control.UpdateBrand(ctx, who(ctx), control.BrandEdit(in.Body))
	if err != nil {
		return nil, err
	}
	return &brandOut{BrandOf(b)}, nil
}
