"""The card of a trained model, with the licences of the models that it builds on."""
