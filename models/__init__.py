"""Trained models: what goes in, what comes out, a card, an artefact."""
