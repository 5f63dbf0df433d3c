package control

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"tidings/internal/link"
	"tidings/internal/store"
)

const opUpdateBrand = "updateBrand"

const (
	maxBrandName = 100
	maxLogoURL   = 1000
)

var hexColor = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// BrandEdit is what somebody says of a brand. Nil fields say nothing, empty texts take something back.
type BrandEdit struct{ Name, Color, LogoURL *string }

// Brand is how the pages look that the project's contacts see.
func (c *Control) Brand(ctx context.Context, who Actor) (store.Brand, error) {
	b, err := c.Store.Brand(ctx, who.Project)
	if err != nil {
		return b, fmt.Errorf("read brand: %w", err)
	}
	return b, nil
}

// BrandOfLink is the brand of the page of a link.
func (c *Control) BrandOfLink(ctx context.Context, l link.Link) (store.Brand, error) {
	a, err := c.Store.Addressee(ctx, l.Project, l.Contact)
	if err != nil {
		return store.Brand{}, err
	}
	return c.Brand(ctx, Actor{Project: a.Project})
}

// UpdateBrand changes a project's brand.
func (c *Control) UpdateBrand(ctx context.Context, who Actor, e BrandEdit) (store.Brand, error) {
	var p problems
	b, err := c.Store.UpdateBrand(ctx, who.Project, func(b *store.Brand) error {
		p = nil
		set(&b.Name, e.Name)
		set(&b.Color, e.Color)
		set(&b.LogoURL, e.LogoURL)
		b.Name, b.Color, b.LogoURL = strings.TrimSpace(b.Name), strings.ToLower(b.Color), strings.TrimSpace(b.LogoURL)
		p.text("name", b.Name, 0, maxBrandName)
		if b.Color != "" && !hexColor.MatchString(b.Color) {
			p.add("color", "%.20q is no color: write #rrggbb, such as #1f4fd8", b.Color)
		}
		p.logo(b.LogoURL)
		return p.err()
	}, c.act(who, opUpdateBrand, who.Project, ""))
	if err != nil {
		return b, fmt.Errorf("change brand: %w", err)
	}
	return b, nil
}

// logo checks where a logo is: the page lets a browser load from its origin alone.
func (p *problems) logo(s string) {
	if s == "" {
		return
	}
	p.text("logoUrl", s, 1, maxLogoURL)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(s, `\ ;,'"`) {
		p.add("logoUrl", "must be a URL such as https://acme.test/logo.png")
	}
}
