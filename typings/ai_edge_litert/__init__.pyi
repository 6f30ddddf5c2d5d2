"""What the LiteRT adapter calls of ai-edge-litert 2.3."""
