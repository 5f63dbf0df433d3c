package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// Topic is a kind of mail that a contact may take or leave.
type Topic struct {
	ID          string    `json:"id" example:"top_1"`
	Slug        string    `json:"slug" doc:"What segments and contacts name it by; it never changes" example:"news"`
	Name        string    `json:"name" example:"News"`
	Description string    `json:"description,omitempty" doc:"What it is, for people" example:"Once a month"`
	Default     bool      `json:"subscribedByDefault" doc:"What holds for contacts that said nothing" example:"true"`
	CreatedAt   time.Time `json:"createdAt"`
}

func topicOf(x *store.Topic) Topic {
	return Topic{
		ID: x.ID, Slug: x.Slug, Name: x.Name, Description: x.Description, Default: x.Takes, CreatedAt: x.CreatedAt,
	}
}

// TopicList are all topics.
type TopicList struct {
	Topics []Topic `json:"topics" nullable:"false" doc:"By name"`
}

type topicsOut struct{ Body TopicList }

func (a *api) listTopics(ctx context.Context, _ *nothingIn) (*topicsOut, error) {
	list, err := a.Control.Topics(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &topicsOut{TopicList{make([]Topic, len(list))}}
	for i := range list {
		out.Body.Topics[i] = topicOf(&list[i])
	}
	return out, nil
}

// NewTopic is a topic to make.
type NewTopic struct {
	Name        string `json:"name" minLength:"1" maxLength:"100" doc:"For people" example:"News"`
	Slug        string `json:"slug,omitempty" maxLength:"64" doc:"Small letters, digits, hyphens and underscores; made of the name by default" example:"news"`
	Description string `json:"description,omitempty" maxLength:"1000" doc:"What it is, for people" example:"Once a month"`
	Default     *bool  `json:"subscribedByDefault,omitempty" doc:"What holds for contacts that said nothing; true by default" example:"true"`
}

type createTopicIn struct{ Body NewTopic }

type topicOut struct{ Body Topic }

func (a *api) createTopic(ctx context.Context, in *createTopicIn) (*topicOut, error) {
	b := in.Body
	x, err := a.Control.CreateTopic(ctx, who(ctx), control.NewTopic{
		Name: b.Name, Slug: b.Slug, Description: b.Description, Takes: b.Default,
	})
	if err != nil {
		return nil, err
	}
	return &topicOut{topicOf(&x)}, nil
}

// TopicPath names a topic in a path.
type TopicPath struct {
	ID string `path:"id" doc:"The topic's id or slug" example:"news"`
}

func (a *api) getTopic(ctx context.Context, in *TopicPath) (*topicOut, error) {
	x, err := a.Control.Topic(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &topicOut{topicOf(&x)}, nil
}

// TopicChange is what changes of a topic.
type TopicChange struct {
	Name        *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"For people" example:"News"`
	Description *string `json:"description,omitempty" maxLength:"1000" doc:"What it is, for people" example:"Once a month"`
	Default     *bool   `json:"subscribedByDefault,omitempty" doc:"What holds for contacts that said nothing" example:"false"`
}

type updateTopicIn struct {
	TopicPath
	Body TopicChange
}

func (a *api) updateTopic(ctx context.Context, in *updateTopicIn) (*topicOut, error) {
	b := in.Body
	x, err := a.Control.UpdateTopic(ctx, who(ctx), in.ID, store.TopicChange{
		Name: b.Name, Description: b.Description, Takes: b.Default,
	})
	if err != nil {
		return nil, err
	}
	return &topicOut{topicOf(&x)}, nil
}

func (a *api) deleteTopic(ctx context.Context, in *TopicPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteTopic(ctx, who(ctx), in.ID)
}

// Consent is one time that consent was given or withdrawn.
type Consent struct {
	At         time.Time `json:"at" doc:"When it was said"`
	Subscribed bool      `json:"subscribed" doc:"Whether mail was wanted" example:"false"`
	Topic      string    `json:"topic,omitempty" doc:"The topic's slug; absent: all mail" example:"news"`
	Origin     string    `json:"origin" doc:"How it was said: api, track, form, import, person, merge, mcp, cli, or the name of an event" example:"email.unsubscribe"`
	Reason     string    `json:"reason,omitempty" doc:"Why, where that is known" example:"complaint"`
	By         string    `json:"by,omitempty" doc:"Who: a key's, a person's or a form's id, or cli" example:"key_1"`
	EventID    string    `json:"eventId,omitempty" doc:"The event that said it" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
}

// ConsentList is the history of a contact's consent.
type ConsentList struct {
	Consents []Consent `json:"consents" nullable:"false" doc:"Newest first"`
}

type consentsIn struct {
	ContactPath
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most rows in the answer"`
}

type consentsOut struct{ Body ConsentList }

// ConsentListOf is a history of consent, as it is answered.
func ConsentListOf(list []store.Said) ConsentList {
	out := ConsentList{make([]Consent, len(list))}
	for i, x := range list {
		out.Consents[i] = Consent{
			At: x.At, Subscribed: x.Subscribed, Topic: x.Topic, Origin: x.Origin, Reason: x.Reason, By: x.By,
		}
		if !x.Event.IsZero() {
			out.Consents[i].EventID = x.Event.String()
		}
	}
	return out
}

func (a *api) listConsents(ctx context.Context, in *consentsIn) (*consentsOut, error) {
	list, err := a.Control.Consents(ctx, who(ctx), in.ID, Paging{Limit: in.Limit}.limit())
	if err != nil {
		return nil, err
	}
	return &consentsOut{ConsentListOf(list)}, nil
}

// Tag is a tag and how many contacts have it.
type Tag struct {
	Tag      string `json:"tag" doc:"The tag" example:"vip"`
	Contacts int64  `json:"contacts" doc:"How many have it" example:"12"`
}

// TagList are all tags.
type TagList struct {
	Tags []Tag `json:"tags" nullable:"false" doc:"Sorted"`
}

type tagsOut struct{ Body TagList }

func (a *api) listTags(ctx context.Context, _ *nothingIn) (*tagsOut, error) {
	list, err := a.Control.Tags(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &tagsOut{TagList{make([]Tag, len(list))}}
	for i, x := range list {
		out.Body.Tags[i] = Tag(x)
	}
	return out, nil
}
