"""Diabetic retinopathy in a photograph of the retina: can it be graded, which grade, which risk of macular oedema."""
